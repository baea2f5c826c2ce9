import type { Clock } from '../base/clock.ts'

const AGAIN_MS = 40
/** For how long a look at the processes may fail. */
const LIMIT_MS = 3000

/**
 * Looks at processes. A look that fails, as with too many open files, says of nobody that he is gone: it is taken again,
 * for a while. @throws {Error} what it failed with at last
 */
export async function look<T>(clock: Pick<Clock, 'sleep' | 'monotonic'>, work: () => Promise<T>): Promise<T> {
  const deadline = clock.monotonic() + LIMIT_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (clock.monotonic() >= deadline) throw error
      await clock.sleep(AGAIN_MS)
    }
  }
}
