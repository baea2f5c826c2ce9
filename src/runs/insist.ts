import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'

/** What insisting needs. */
export interface InsistDeps {
  readonly clock: Clock
  readonly logger: Logger
}

const AGAIN_MS = 250

/**
 * Does something again and again until it succeeds: a look that fails, because descriptors ran out or a disk stumbled, is
 * no verdict on what was looked at. The first failure in a row is told under the given name. Rejects only with the
 * signal's reason.
 */
export async function insist<T>(
  work: () => Promise<T>,
  failure: string,
  { clock, logger }: InsistDeps,
  over?: AbortSignal,
): Promise<T> {
  let isTold = false
  for (;;) {
    try {
      return await work()
    } catch (error) {
      over?.throwIfAborted()
      if (!isTold) logger.error({ error: messageOf(error) }, failure)
      isTold = true
      await clock.sleep(AGAIN_MS, over)
    }
  }
}
