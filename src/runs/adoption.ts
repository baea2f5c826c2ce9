import { LooperError, messageOf } from '../base/errors.ts'
import { type AdoptDeps, adoptRuns, takeUpAll } from './adopt.ts'

/** What an earlier life of the service left, and how far it is taken up. */
export interface Adoption {
  /** Takes it up, and tries again what cannot be at the moment: a look that fails is no verdict. Never rejects. */
  begin(): Promise<void>
  /** Resolves when that is done, or was given up. */
  over(): Promise<void>
  /** The same within a limit. @throws {LooperError} `LOOPER_BUSY` where it takes longer */
  settled(): Promise<void>
  /** Gives up what could not be taken up yet: the next life of the service will. */
  leave(): void
}

/** Longer than any wrapper needs to tell who it is. Past it, something cannot be looked at, and may stay so. */
const PATIENCE_MS = 30_000
const AGAIN_MS = 250

/** An adoption that has not begun; nobody waits for it. */
export function createAdoption(deps: AdoptDeps): Adoption {
  const { clock, logger } = deps
  const leaving = new AbortController()
  let over = Promise.resolve()
  let isOver = true

  async function take(): Promise<void> {
    try {
      let left = await adoptRuns(deps)
      while (left.length > 0 && !leaving.signal.aborted) {
        await clock.sleep(AGAIN_MS, leaving.signal).catch(() => undefined)
        left = await takeUpAll(left, deps)
      }
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'run.adopt.fail')
    }
    isOver = true
  }

  return {
    begin() {
      isOver = false
      over = take()
      return over
    },
    over: () => over,
    async settled() {
      if (isOver) return
      const decided = new AbortController()
      const late = clock.sleep(PATIENCE_MS, decided.signal).catch(() => undefined)
      await Promise.race([over, late])
      decided.abort()
      if (isOver) return
      const why = 'busy: runs from before the restart cannot be picked up yet; the server log says why'
      throw new LooperError('LOOPER_BUSY', why)
    },
    leave: () => leaving.abort(),
  }
}
