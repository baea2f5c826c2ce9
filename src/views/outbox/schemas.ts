import { orNull, Type } from '../../base/schema.ts'
import { outboxState } from '../../notices/outbox-state.ts'
import { OUTBOX_STATES } from '../../record/outbox.ts'

const Time = orNull(Type.String({ format: 'date-time' }))
const Id = orNull(Type.Integer())

/** A message of the outbox. */
const OutboxMessage = Type.Object({
  id: Type.Integer(),
  run_id: orNull(
    Type.String({ description: 'The run that it is of; null: of none, as the words of a loop.' }),
  ),
  conversation: Type.String({ description: 'Where it goes; those of one conversation keep their order.' }),
  state: Type.Enum([...OUTBOX_STATES]),
  edits: orNull(Type.Integer({ description: 'The message whose text it takes the place of.' })),
  text: Type.String({ description: 'Its beginning.' }),
  created_at: Time,
  attempts: Type.Integer(),
  next_at: Time,
  done_at: Time,
  message_id: Id,
  why: orNull(Type.String({ description: 'Why it is not sent, or not yet.' })),
})

/** The answer of `GET /outbox`. */
export const OutboxList = Type.Object(
  {
    ...outboxState,
    messages: Type.Array(OutboxMessage),
  },
  { description: 'The messages, newest first.' },
)

/** What `GET /outbox` may be asked. */
export const OutboxQuery = Type.Object({
  state: Type.Optional(Type.Enum([...OUTBOX_STATES], { description: 'Only those.' })),
  limit: Type.Optional(Type.String({ description: 'How many at most: 1 to 500, by default 50.' })),
})
