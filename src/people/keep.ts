import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { sleepUnless } from '../base/news.ts'
import type { Asks } from './asks.ts'
import type { Parking } from './parking.ts'

/** After a failure, the record is tried again so often. */
const AGAIN_MS = 1000
/** A clock that is set forward, or a machine that slept, brings a deadline nearer. */
const LOOK_MS = 60_000

/** What it takes. */
export interface KeepDeps {
  readonly asks: Pick<Asks, 'settle' | 'changed'>
  readonly parking: Pick<Parking, 'tend'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Settles asks when their time has come, and parks runs and lets them go on, until the signal aborts. Never rejects. */
export async function keepAsks(
  { asks, parking, clock, logger }: KeepDeps,
  signal: AbortSignal,
): Promise<void> {
  let isTold = false
  while (!signal.aborted) {
    const changed = asks.changed()
    let ms: number | null = AGAIN_MS
    try {
      const isLeft = parking.tend()
      const next = asks.settle()
      ms = isLeft ? AGAIN_MS : next
      isTold = false
    } catch (error) {
      if (!isTold) logger.error({ error: messageOf(error) }, 'asks.fail')
      isTold = true
    }
    await sleepUnless(changed, ms && Math.min(ms, LOOK_MS), clock, signal)
  }
}
