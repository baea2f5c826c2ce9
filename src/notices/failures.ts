import type { Notify } from './notice.ts'

/** The same notices; each one that fails is told, one that was given up is not. */
export function tellFailures(notify: Notify, failed: () => void): Notify {
  return async (message, signal) => {
    try {
      return await notify(message, signal)
    } catch (error) {
      if (!signal.aborted) failed()
      throw error
    }
  }
}
