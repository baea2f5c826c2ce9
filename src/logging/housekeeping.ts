import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { type RetentionOptions, removeOldRuns } from './retention.ts'

/** What keeping the log directory within its bounds needs. */
export interface HousekeepingOptions extends Omit<RetentionOptions, 'now' | 'live'> {
  /** Logs of live runs. */
  readonly live: () => ReadonlySet<string>
  readonly clock: Clock
  readonly logger: Logger
}

const EVERY_MS = 3_600_000

/** Removes old runs now, and then every hour, until the signal aborts. Never rejects: what fails is logged. */
export async function keepHouse(options: HousekeepingOptions, closing: AbortSignal): Promise<void> {
  const { clock, logger, live } = options
  while (!closing.aborted) {
    try {
      const removed = await removeOldRuns({ ...options, now: clock.now(), live: live() })
      if (removed > 0) logger.info({ removed }, 'logs.removed')
    } catch (error) {
      logger.error({ err: error }, 'logs.remove.fail')
    }
    await clock.sleep(EVERY_MS, closing).catch(() => undefined)
  }
}
