import { systemClock } from '../../src/base/clock.ts'
import type { Family } from './family.ts'

const SAMPLE_EVERY_MS = 20

/** Two trees that were alive at one moment. */
export interface Double {
  readonly runIds: readonly string[]
  readonly pids: readonly number[]
}

/**
 * Looks again and again whether processes of two runs live at the same time, until the signal aborts; tells each pair
 * once, and how many looks it took. A process carries the cookie from its agent's first instruction on.
 */
export async function watchDoubles(
  family: Family,
  tell: (double: Double) => void,
  over: AbortSignal,
): Promise<number> {
  const told = new Set<string>()
  let looks = 0
  while (!over.aborted) {
    looks++
    const seen = family.members().filter(({ cookie }) => cookie !== null)
    if (new Set(seen.map(({ cookie }) => cookie)).size > 1) {
      // One look takes time. What was seen in it and is still alive after it was alive all at once.
      const still = seen.filter(family.isAlive)
      const runIds = [...new Set(still.flatMap(({ cookie }) => cookie ?? []))].sort()
      if (runIds.length > 1 && !told.has(runIds.join())) {
        told.add(runIds.join())
        tell({ runIds, pids: still.map(({ pid }) => pid) })
      }
    }
    await systemClock.sleep(SAMPLE_EVERY_MS, over).catch(() => undefined)
  }
  return looks
}
