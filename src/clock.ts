import { setTimeout as delay } from 'node:timers/promises'

/** Node fires timers longer than this (2^31 - 1 ms, about 24.8 days) at once, so settings are capped by it. */
export const MAX_TIMER_MS = 2_147_483_647

/** Time as a port: everything in Looper that waits or dates something is handed one of these. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Resolves after `ms` (at most {@link MAX_TIMER_MS}); rejects with the signal's reason as soon as it aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    // Timers reject for an aborted signal only, with an error of their own.
    if (signal) await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
    else await delay(ms)
  },
}
