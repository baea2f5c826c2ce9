import { LooperError } from '../../base/errors.ts'
import { impossibleDay } from '../../base/iso-time.ts'

/** When something is wanted: after so long, or at a time. */
export interface WantedTime {
  readonly in_seconds?: number
  /** RFC 3339. */
  readonly at?: string
}

/** RFC 3339, 5.6: without its zone it would mean another moment on another machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i
const DAY_MS = 86_400_000

/** The moment that is meant, in milliseconds since the epoch. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function dueTime({ in_seconds, at }: WantedTime, now: number, maxDays: number): number {
  if ((in_seconds === undefined) === (at === undefined)) throw invalid("give either 'in_seconds' or 'at'")
  const due = in_seconds === undefined ? momentOf(String(at)) : now + in_seconds * 1000
  if (due < now) throw invalid(`'at' is over already; it is ${new Date(now).toISOString()} now`)
  if (due <= now + maxDays * DAY_MS) return Math.round(due)
  throw invalid(`that is more than ${maxDays} days ahead (LOOPER_SCHEDULE_MAX_DAYS)`)
}

function momentOf(at: string): number {
  const ms = TIME.test(at) && impossibleDay(at) === null ? Date.parse(at) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw invalid(
    "'at' must be a time with its zone, such as 2026-11-27T18:30:00Z or 2026-11-27T18:30:00+01:00",
  )
}

const invalid = (what: string) => new LooperError('LOOPER_FIELD_INVALID', what)
