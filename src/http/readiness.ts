import { accessSync, constants } from 'node:fs'
import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { checkFreeSpace } from '../base/disk.ts'
import { messageOf } from '../base/errors.ts'

/** What must hold before a run can be asked for; each look throws where it does not. */
export interface ReadinessDeps {
  readonly ledger: { assertWritable(): void | Promise<void> }
  readonly table: { check(): Promise<unknown> }
  readonly logDir: string
  readonly minFreeMb: number
  /** What the service is busy with: taking up the runs of an earlier life, being there, or going. */
  readonly phase: () => keyof typeof NOT_YET
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Logger
}

/** Sentences that say what keeps the service from launching runs; empty: nothing. */
export type Readiness = () => Promise<readonly string[]>

const NOT_YET = {
  adopting: 'runs from before the restart are still being picked up',
  open: null,
  closing: 'the service is shutting down',
} as const

/** What a service is busy with. */
export function phaseOf(isAdopted: boolean, isClosing: boolean): keyof typeof NOT_YET {
  if (isClosing) return 'closing'
  return isAdopted ? 'open' : 'adopting'
}

/** Nobody needs a token to ask, and a look writes: more than one a second is not taken. */
const FRESH_MS = 1000

/**
 * Looks at everything that a launch needs. Answers name no path, because nobody needs a token for them; the server log
 * tells the causes.
 */
export function createReadiness(deps: ReadinessDeps): Readiness {
  const { ledger, table, logDir, minFreeMb, phase, clock, logger } = deps
  let last: { readonly at: number; readonly problems: Promise<readonly string[]> } | null = null

  const checks: readonly (readonly [problem: string, check: () => unknown])[] = [
    ['the ledger cannot be written', () => ledger.assertWritable()],
    ['the log directory cannot be written', () => accessSync(logDir, constants.W_OK | constants.X_OK)],
    ['the disk has less free space than LOOPER_MIN_FREE_MB', () => checkFreeSpace(logDir, minFreeMb)],
    ['the process table cannot be read', () => table.check()],
  ]

  async function look(): Promise<readonly string[]> {
    const now = NOT_YET[phase()]
    const problems: string[] = now === null ? [] : [now]
    for (const [problem, check] of checks) {
      try {
        await check()
      } catch (error) {
        logger.warn({ problem, error: messageOf(error) }, 'ready.fail')
        problems.push(problem)
      }
    }
    return problems
  }

  return () => {
    const now = clock.monotonic()
    if (last === null || now - last.at >= FRESH_MS) last = { at: now, problems: look() }
    return last.problems
  }
}
