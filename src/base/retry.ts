const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 600_000

/** When what could not be sent is tried again. */
export interface Retries {
  /** How long a message waits that was tried so many times, in milliseconds. @param wanted what the other side asks for; null: nothing */
  retryMs(attempts: number, wanted: number | null): number
  /** How long a message still has to wait, in milliseconds; not at all where the clock was set back meanwhile. */
  dueMs(nextAt: number, now: number): number
}

/** Waits that grow from a second to ten minutes. @param longestMs so long at most may the other side want; what wants more is tried all the same */
export const retriesWithin = (longestMs: number): Retries => ({
  retryMs(attempts, wanted) {
    const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1))
    return Math.min(longestMs, Math.max(growing, wanted ?? 0))
  },
  dueMs(nextAt, now) {
    const ms = nextAt - now
    return ms > longestMs ? 0 : Math.max(0, ms)
  },
})
