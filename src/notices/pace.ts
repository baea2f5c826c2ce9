import { retriesWithin } from '../base/retry.ts'

/** What a conversation bears: somebody reads it. */
const MOST_CALLS = 20
const WINDOW_MS = 60_000

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

/** A chat that wants more time than ten minutes is tried all the same. */
export const { retryMs, dueMs } = retriesWithin(600_000)
