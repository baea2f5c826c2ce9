import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { sleepUnless } from '../base/news.ts'
import type { Ledger } from '../record/ledger.ts'
import { createRemover } from './remover.ts'
import type { DiskSource } from './source.ts'
import { keptBytes, type Removal, removalsOf, type Survey, type SurveyDeps, survey } from './survey.ts'

/** What the governor needs. */
export interface GovernorDeps extends SurveyDeps {
  readonly ledger: Pick<Ledger, 'remains' | 'room' | 'compact'>
  readonly capBytes: number
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Resolves when a run ends after this call. */
  readonly nextEnd: () => Promise<void>
}

/** How the last pass went. */
export interface LastPass {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** So much is there since then. */
  readonly bytes: number
  /** So much of it stays whatever the cap. */
  readonly keptBytes: number
  readonly isWithinCap: boolean
}

/** Keeps what runs leave below the cap. */
export interface Governor {
  /** Measures, and removes what has to go; tells whether that was all. Never rejects: what fails is logged. */
  pass(signal: AbortSignal): Promise<boolean>
  /** Passes now, after runs end, and from time to time, until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Null: there was none yet, or it could not be measured. */
  last(): LastPass | null
}

const EVERY_MS = 600_000
/** Between two passes: at least so long, and so many times what the last one took. */
const LEAST_PAUSE_MS = 1000
const PAUSES = 1
const MOST_A_PASS = 5000
/** For less, the record is not made smaller: others will need the room. */
const LEAST_SPARE_BYTES = 1_048_576
const LEAST_SPARE_SHARE = 1 / 8

/** The first of what has to go; the next pass goes on. */
function thisTime(removals: readonly Removal[]): readonly Removal[] {
  const counts = new Map<DiskSource, number>()
  const fit = removals.filter(({ source }) => {
    const count = 1 + (counts.get(source) ?? 0)
    counts.set(source, count)
    return count <= (source.mostAPass ?? MOST_A_PASS)
  })
  return fit.slice(0, MOST_A_PASS)
}

/** A governor over some sources. */
export function openGovernor(deps: GovernorDeps): Governor {
  const { ledger, capBytes, clock, logger, nextEnd } = deps
  const { isStuck, remove } = createRemover(deps)
  /** What was told already. */
  const told = new Set<string>()
  let last: LastPass | null = null

  function tellOnce(message: string, what: string, error: string): void {
    if (!told.has(message + what)) logger.warn({ what, error }, message)
    told.add(message + what)
  }

  async function look(): Promise<Survey> {
    const seen = await survey(deps, clock.now())
    for (const { source, problem } of seen.shares)
      if (problem !== null) tellOnce('disk.measure.fail', source.name, problem)
    return seen
  }

  /** Makes the record smaller where that is worth it, and tells whether it was. */
  async function compact(): Promise<boolean> {
    const { bytes, spare } = ledger.room()
    if (spare < LEAST_SPARE_BYTES || spare < bytes * LEAST_SPARE_SHARE) return false
    try {
      await ledger.compact()
      return true
    } catch (error) {
      tellOnce('disk.compact.fail', 'records', messageOf(error))
      return false
    }
  }

  async function pass(signal: AbortSignal): Promise<boolean> {
    try {
      let seen = await look()
      if (seen.bytes > capBytes && (await compact())) seen = await look()
      const removals = removalsOf(seen, capBytes, isStuck)
      const now = thisTime(removals)
      const freed = await remove(now, seen.facts, signal)
      if (freed > 0) await compact()
      const bytes = seen.bytes - freed
      const isDone = now.length === removals.length
      const isWithinCap = bytes <= capBytes
      if (isDone && !isWithinCap && last?.isWithinCap !== false)
        logger.warn({ bytes, cap_bytes: capBytes }, 'disk.cap.exceeded')
      last = { at: clock.now(), bytes, keptBytes: keptBytes(seen), isWithinCap }
      return isDone
    } catch (error) {
      last = null
      logger.error({ err: error }, 'disk.fail')
      return true
    }
  }

  return {
    pass,
    last: () => last,
    async run(signal) {
      while (!signal.aborted) {
        const started = clock.monotonic()
        const ended = nextEnd()
        const isDone = await pass(signal)
        const pauseMs = Math.max(LEAST_PAUSE_MS, PAUSES * (clock.monotonic() - started))
        await clock.sleep(pauseMs, signal).catch(() => undefined)
        if (!isDone) continue
        await sleepUnless(ended, EVERY_MS, clock, signal)
      }
    },
  }
}
