import { impossibleDay } from '../base/iso-time.ts'
import { wrongUse } from './failure.ts'

const AGE_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A date, or a time, which is of this machine's zone where it names none. */
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/
const REMEDY = 'Use a date (2026-11-01), a time (2026-11-01T08:00) or an age (90s, 10m, 12h, 7d).'

/** A date, a time or an age as the service takes it: in UTC, with its zone. @throws {Failure} for anything else */
export function whenOf(since: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(since) ?? []
  if (count !== undefined) return new Date(now - Number(count) * Number(AGE_MS[unit])).toISOString()
  const day = impossibleDay(since)
  if (day !== null) throw wrongUse(`--since: there is no ${day}`, REMEDY)
  const at = TIME.test(since) ? Date.parse(since) : Number.NaN
  if (Number.isNaN(at)) throw wrongUse(`--since cannot be "${since}"`, REMEDY)
  return new Date(at).toISOString()
}
