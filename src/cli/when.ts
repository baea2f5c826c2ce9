import { wrongUse } from './failure.ts'

const AGE_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A date, a time or an age as the service takes it: in UTC, with its zone. @throws {Failure} for anything else */
export function whenOf(since: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(since) ?? []
  const at = count === undefined ? Date.parse(since) : now - Number(count) * Number(AGE_MS[unit])
  if (!Number.isNaN(at)) return new Date(at).toISOString()
  throw wrongUse(
    `--since does not take "${since}"`,
    'Give a date (2026-11-01), a time (2026-11-01T08:00) or an age (90s, 10m, 12h, 7d).',
  )
}
