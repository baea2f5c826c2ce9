import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { keepLooking } from '../base/keep-looking.ts'
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
  const look = () => {
    const isLeft = parking.tend()
    const next = asks.settle()
    return isLeft ? AGAIN_MS : next && Math.min(next, LOOK_MS)
  }
  const failed = (error: unknown) => logger.error({ error: messageOf(error) }, 'asks.fail')
  await keepLooking({ look, changed: asks.changed, failed, againMs: AGAIN_MS, clock }, signal)
}
