import { type Static, Type } from '../base/schema.ts'
import { RunSummary } from './run-schemas.ts'
import { SLOT_STEPS } from './slot.ts'

const Launch = {
  request_id: Type.String(),
  run_id: Type.Union([Type.String(), Type.Null()], { description: 'Null: it only stops what runs.' }),
  since: Type.String({ format: 'date-time' }),
}

/** A slot, as it is now. */
export const SlotAnswer = Type.Object({
  slot: Type.String(),
  run: Type.Union([RunSummary, Type.Null()], { description: 'The run that lives in it.' }),
  launch: Type.Union([Type.Object({ ...Launch, step: Type.Enum([...SLOT_STEPS]) }), Type.Null()], {
    description: 'The launch under way.',
  }),
  waiting: Type.Array(Type.Object(Launch), { description: 'The first of those that wait for it.' }),
  waiting_count: Type.Integer({ description: 'So many wait for it.' }),
})
/** A slot, as it is now. */
export type SlotAnswer = Static<typeof SlotAnswer>

/** The answer of `GET /slots`. */
export const SlotList = Type.Object(
  {
    slots: Type.Array(SlotAnswer),
    max_runs: Type.Integer({ description: 'In so many slots a run may live at a time.' }),
  },
  {
    description:
      'The default slot first, then all others in which something runs, is being launched or waits.',
  },
)
/** The answer of `GET /slots`. */
export type SlotList = Static<typeof SlotList>
