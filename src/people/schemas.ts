import { timeOf } from '../base/iso-time.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import { ASK_STATES, type Ask } from './ask.ts'

const Time = Type.String({ format: 'date-time' })

/** An ask, as the API tells it. */
export const AskAnswer = Type.Object(
  {
    ask_id: Type.String(),
    run_id: Type.String({ description: 'The run whose agent asks.' }),
    question: Type.String(),
    choices: Type.Array(Type.String(), { description: 'The only answers; empty: anything may be answered.' }),
    default: orNull(Type.String({ description: 'Counts where nobody answers until the deadline.' })),
    reference: orNull(Type.String({ description: 'What it is about.' })),
    digest: Type.String({ description: 'Of the question; whoever sends it back answers this one only.' }),
    state: Type.Enum([...ASK_STATES]),
    asked_at: Time,
    deadline: orNull(Time),
    answer: orNull(Type.String()),
    answered_by: orNull(
      Type.String({
        description: 'The name of the token that answered; or the person who did where notices go.',
      }),
    ),
    settled_at: orNull(Time),
  },
  { description: 'A question of an agent to people.' },
)
/** An ask, as the API tells it. */
export type AskAnswer = Static<typeof AskAnswer>

/** The answer of `GET /asks`. */
export const AskList = Type.Object(
  { asks: Type.Array(AskAnswer) },
  { description: 'What agents ask, newest first.' },
)
/** The answer of `GET /asks`. */
export type AskList = Static<typeof AskList>

/** What `GET /asks` may be asked. */
export const AskQuery = Type.Object({
  state: Type.Optional(Type.Enum([...ASK_STATES], { description: 'Only those.' })),
  limit: Type.Optional(Type.String({ description: 'How many at most: 1 to 500, by default 50.' })),
})

/** What answers an ask. */
export const AnswerBody = Type.Object({
  answer: Type.Optional(Type.String({ description: 'One of its choices, where it has some.' })),
  digest: Type.Optional(Type.String({ description: 'That of the question which was read.' })),
})

/** How many asks are open, as `GET /status` tells it. */
export const AsksState = Type.Object({ open: Type.Integer() })
/** How many asks are open, as `GET /status` tells it. */
export type AsksState = Static<typeof AsksState>

/** An ask in the API's words. */
export const askAnswer = (ask: Ask): AskAnswer => ({
  ask_id: ask.id,
  run_id: ask.runId,
  question: ask.question,
  choices: [...ask.choices],
  default: ask.defaultAnswer,
  reference: ask.reference,
  digest: ask.digest,
  state: ask.state,
  asked_at: timeOf(ask.askedAt),
  deadline: timeOf(ask.deadlineAt),
  answer: ask.answer,
  answered_by: ask.answeredBy,
  settled_at: timeOf(ask.settledAt),
})
