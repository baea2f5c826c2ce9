import { retriesWithin } from '../base/retry.ts'

/** A push service that wants more time than six hours is tried all the same. */
export const { retryMs, dueMs } = retriesWithin(6 * 3_600_000)
