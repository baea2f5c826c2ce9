import type { Clock } from '../base/clock.ts'

/** Counts failed attempts by address. */
export interface Failures {
  /** Notes one more; seconds to wait where there were too many, else null. */
  count(address: string): number | null
}

const WINDOW_MS = 60_000
const MAX_FAILURES = 20
/** More addresses than this at once, and the oldest is forgotten: memory stays flat. */
const MAX_ADDRESSES = 10_000

/** At most 20 failures a minute and address; a success is never limited. */
export function createFailures(clock: Pick<Clock, 'monotonic'>): Failures {
  const seen = new Map<string, { count: number; since: number }>()
  return {
    count(address) {
      const now = clock.monotonic()
      const entry = seen.get(address)
      if (!entry || now - entry.since >= WINDOW_MS) {
        seen.delete(address)
        seen.set(address, { count: 1, since: now })
        const [oldest] = seen.keys()
        if (seen.size > MAX_ADDRESSES && oldest !== undefined) seen.delete(oldest)
        return null
      }
      entry.count++
      return entry.count > MAX_FAILURES ? Math.ceil((entry.since + WINDOW_MS - now) / 1000) : null
    },
  }
}
