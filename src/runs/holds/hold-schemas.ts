import { timeOf } from '../../base/iso-time.ts'
import { orNull, type Static, Type } from '../../base/schema.ts'
import type { WaitingRuns } from '../../record/waiting.ts'
import type { Held, Holds } from './holds.ts'

const Time = Type.String({ format: 'date-time' })

/** An agent whose usage limit is reached. */
export const HoldAnswer = Type.Object({
  agent: Type.String(),
  since: Time,
  /** When the agent says that the limit is reset. */
  until: orNull(Time),
  held_until: Type.Union([Time, Type.Null()], {
    description:
      'When a run of it begins again; null: one has begun already, to see whether the limit still stands.',
  }),
  run_id: Type.String({ description: 'The run that met the limit.' }),
  waiting_count: Type.Integer({ description: 'So many runs of it wait, in all slots.' }),
})
/** An agent whose usage limit is reached. */
export type HoldAnswer = Static<typeof HoldAnswer>

/** The answer of `GET /holds`. */
export const HoldList = Type.Object(
  { holds: Type.Array(HoldAnswer) },
  { description: 'The agents of which nothing is launched now.' },
)
/** The answer of `GET /holds`. */
export type HoldList = Static<typeof HoldList>

/** The answer of `POST /holds/:agent/release`. */
export const ReleaseAnswer = Type.Object(
  { ok: Type.Literal(true), agent: Type.String(), waiting_count: Type.Integer() },
  { description: 'What waits begins now, each slot in its order.' },
)
/** The answer of `POST /holds/:agent/release`. */
export type ReleaseAnswer = Static<typeof ReleaseAnswer>

/** All holds in the API's words. */
export const holdAnswers = (
  holds: Pick<Holds, 'all'>,
  ledger: Pick<WaitingRuns, 'waitingOf'>,
): HoldAnswer[] => holds.all().map((held) => holdAnswer(held, ledger.waitingOf(held.agent)))

/** @param count so many runs of the agent wait */
const holdAnswer = ({ agent, since, until, heldUntil, runId }: Held, count: number): HoldAnswer => ({
  agent,
  since: timeOf(since),
  until: timeOf(until),
  held_until: timeOf(heldUntil),
  run_id: runId,
  waiting_count: count,
})
