import type { Clock } from '../../base/clock.ts'

/** Repositories that take longer to look at than a launch waits for. */
export interface SlowRepositories {
  /** One look at it took too long: for ten minutes, no launch waits for one. @param commonDir what all its work trees share */
  add(commonDir: string): void
  /** @throws {Error} saying that it took too long, where no launch is to wait for it */
  assertNone(commonDir: string): void
}

const REST_MS = 600_000

/** None is known. */
export function createSlowRepositories({ monotonic }: Pick<Clock, 'monotonic'>): SlowRepositories {
  const until = new Map<string, number>()
  return {
    add(commonDir) {
      until.set(commonDir, monotonic() + REST_MS)
    },
    assertNone(commonDir) {
      const leftMs = (until.get(commonDir) ?? 0) - monotonic()
      if (leftMs > 0) {
        const minutes = Math.ceil(leftMs / 60_000)
        throw new Error(
          `git took too long for the repository ${commonDir}: no launch waits for it for ${minutes} min`,
        )
      }
      until.delete(commonDir)
    },
  }
}
