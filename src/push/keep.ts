import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { sleepUnless } from '../base/news.ts'

/** What it takes. */
export interface KeepDeps {
  /** Looks what devices are to be told, and lets it be sent. @throws {Error} where the record cannot be used now */
  readonly look: () => void
  /** Resolves when there may be something new. */
  readonly changed: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** After a failure, it is tried again so often. */
const AGAIN_MS = 1000
/** A token may expire, or a lane have failed, of which nobody tells. */
const LOOK_MS = 60_000

/** Looks whenever something happened, until the signal aborts. Never rejects. */
export async function keepLooking(
  { look, changed, clock, logger }: KeepDeps,
  signal: AbortSignal,
): Promise<void> {
  let isTold = false
  while (!signal.aborted) {
    const next = changed()
    let ms = LOOK_MS
    try {
      look()
      isTold = false
    } catch (error) {
      if (!isTold) logger.error({ error: messageOf(error) }, 'push.fail')
      isTold = true
      ms = AGAIN_MS
    }
    await sleepUnless(next, ms, clock, signal)
  }
}
