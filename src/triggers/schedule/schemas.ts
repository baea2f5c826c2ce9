import { timeOf } from '../../base/iso-time.ts'
import { type Static, Type } from '../../base/schema.ts'
import type { Scheduled } from './schedule.ts'

const Time = Type.String({ format: 'date-time' })

const ScheduledAnswer = Type.Object({
  scheduled_id: Type.Integer(),
  run_id: Type.String({ description: 'The id that the run will have.' }),
  by_run_id: Type.String({ description: 'The run whose agent asked for it.' }),
  slot: Type.String(),
  name: Type.String(),
  due_at: Time,
  created_at: Time,
  depth: Type.Integer({ description: 'So many runs in a row were each scheduled by the one before.' }),
})

/** The answer of `GET /scheduled`. */
export const ScheduledList = Type.Object(
  { scheduled: Type.Array(ScheduledAnswer) },
  { description: 'The next one first.' },
)
/** The answer of `GET /scheduled`. */
export type ScheduledList = Static<typeof ScheduledList>

/** The answer of `POST /scheduled/:scheduled_id/cancel`. */
export const CancelAnswer = Type.Object(
  { ok: Type.Literal(true), scheduled: ScheduledAnswer },
  { description: 'It will not begin.' },
)
/** The answer of `POST /scheduled/:scheduled_id/cancel`. */
export type CancelAnswer = Static<typeof CancelAnswer>

/** A scheduled run in the API's words. */
export const scheduledAnswer = (one: Scheduled): Static<typeof ScheduledAnswer> => ({
  scheduled_id: one.id,
  run_id: one.runId,
  by_run_id: one.byRun,
  slot: one.slot,
  name: one.name,
  due_at: timeOf(one.dueAt),
  created_at: timeOf(one.createdAt),
  depth: one.depth,
})
