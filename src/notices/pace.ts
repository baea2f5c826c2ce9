/** What a conversation bears: somebody reads it. */
const MOST_CALLS = 20
const WINDOW_MS = 60_000

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 600_000

/** What a message is tried for, in milliseconds. */
export const GIVEN_UP_AFTER_MS = 86_400_000

/** How far back calls count. */
export const CALLS_COUNT_MS = WINDOW_MS

/** How long a conversation has to be left alone now, in milliseconds, by when its calls began, oldest first. */
export function quietMs(calls: readonly number[], now: number): number {
  // A clock that was set back must not silence anybody.
  const counted = calls.filter((at) => at > now - WINDOW_MS && at <= now)
  const oldest = counted.at(-MOST_CALLS)
  return oldest === undefined ? 0 : oldest + WINDOW_MS - now
}

/** How long a message waits that was tried so many times, in milliseconds. */
export function retryMs(attempts: number, retryAfterMs: number | null): number {
  const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1))
  return Math.min(LAST_RETRY_MS, Math.max(growing, retryAfterMs ?? 0))
}

/** How long a message still has to wait, in milliseconds; never longer than the longest wait, whatever the clock did. */
export function dueMs(nextAt: number, now: number): number {
  const ms = nextAt - now
  return ms > LAST_RETRY_MS ? 0 : Math.max(0, ms)
}
