import { type Static, Type } from '../base/schema.ts'
import { RunDetails, RunSummary } from './run-schemas.ts'

/** The answer of `GET /queue`. */
export const QueueAnswer = Type.Object(
  {
    waiting: Type.Array(RunSummary, { description: 'Those of one slot, the next one first.' }),
    slots: Type.Array(Type.Object({ slot: Type.String(), count: Type.Integer() }), {
      description: 'How many wait in each slot, the slot in which one has waited longest first.',
    }),
  },
  { description: 'What waits for its slot.' },
)
/** The answer of `GET /queue`. */
export type QueueAnswer = Static<typeof QueueAnswer>

/** The answer of `POST /queue/:run_id/first`. */
export const FirstAnswer = Type.Object(
  { ok: Type.Literal(true), run: RunDetails },
  { description: 'It is the next one of its slot.' },
)
/** The answer of `POST /queue/:run_id/first`. */
export type FirstAnswer = Static<typeof FirstAnswer>
