const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 600_000
/** A push service that wants more time than this is tried all the same. */
const LONGEST_MS = 6 * 3_600_000

/** How long a message waits that was tried so many times, in milliseconds. @param wanted what the push service asks for; null: nothing */
export function retryMs(attempts: number, wanted: number | null): number {
  const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1))
  return Math.min(LONGEST_MS, Math.max(growing, wanted ?? 0))
}

/** How long a message still has to wait, in milliseconds; not at all where the clock was set back meanwhile. */
export function dueMs(nextAt: number, now: number): number {
  const ms = nextAt - now
  return ms > LONGEST_MS ? 0 : Math.max(0, ms)
}
