import { impossibleDay } from '../base/iso-time.ts'
import { wrongUse } from './failure.ts'

const AGE_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const AGE = /^(\d{1,6})([smhd])$/
/** A date, or a time, which is of this machine's zone where it names none. */
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/
const REMEDY = 'Use a date (2026-11-01), a time (2026-11-01T08:00) or an age (90s, 10m, 12h, 7d).'

/** A length of time as people write it, in whole seconds. @throws {Failure} for anything else */
export function secondsOf(option: string, given: string): number {
  const [, count, unit = ''] = AGE.exec(given) ?? []
  if (count === undefined || Number(count) === 0)
    throw wrongUse(`--${option} cannot be "${given}"`, 'Use a length of time such as 90s, 10m, 12h or 7d.')
  return (Number(count) * Number(AGE_MS[unit])) / 1000
}

/** A date, a time or an age as the service takes it: in UTC, with its zone. @throws {Failure} for anything else */
export function whenOf(since: string, now: number): string {
  const [, count, unit = ''] = AGE.exec(since) ?? []
  if (count !== undefined) return new Date(now - Number(count) * Number(AGE_MS[unit])).toISOString()
  const day = impossibleDay(since)
  if (day !== null) throw wrongUse(`--since: there is no ${day}`, REMEDY)
  const at = TIME.test(since) ? Date.parse(since) : Number.NaN
  if (Number.isNaN(at)) throw wrongUse(`--since cannot be "${since}"`, REMEDY)
  return new Date(at).toISOString()
}
