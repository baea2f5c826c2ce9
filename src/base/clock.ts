import { setTimeout as delay } from 'node:timers/promises'

/** Node fires timers longer than this (2^31 - 1 ms, about 24.8 days) at once, so settings are capped by it. */
export const MAX_TIMER_MS = 2_147_483_647

/** The longest wait that may be asked for, in seconds. */
export const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1000)

/** Time as a port: everything in Looper that waits or dates something is handed one of these. */
export interface Clock {
  /** Milliseconds since the epoch, to date things by. It may jump. */
  now(): number
  /** Milliseconds since some moment, to measure by. It never jumps, and stands still while the machine sleeps. */
  monotonic(): number
  /**
   * Resolves after `ms` (at most {@link MAX_TIMER_MS}); rejects with the signal's reason as soon as it aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    // Timers reject for an aborted signal only, with an error of their own.
    if (signal) await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
    else await delay(ms)
  },
}
