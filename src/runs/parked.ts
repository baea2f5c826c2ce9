import type { Logger } from 'pino'
import type { StopReport } from '../processes/stop.ts'
import type { Ledger } from '../record/ledger.ts'
import { type FollowUp, followUpOf } from './follow-up.ts'
import type { LiveRuns } from './live.ts'
import type { Ending } from './outcome.ts'
import type { ResetDeps } from './reset.ts'
import { stopOne } from './stop-runs.ts'

/** Runs that end, and go on in their sessions later. */
export interface ParkedRuns {
  /**
   * Ends a run with everything it started, to go on later. Null where no such run lives.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_STOP_FAILED`
   */
  park(runId: string, cause: string): Promise<StopReport | null>
  /**
   * Lets a run that has ended go on in its session, once, as the next one of its slot: the run that does so, or did so before.
   * Null where it has not ended. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  goOn(runId: string, how: Pick<FollowUp, 'prompt' | 'why'>): string | null
}

/** What they take. */
export interface ParkedDeps extends ResetDeps {
  readonly ledger: Pick<Ledger, 'endedRun' | 'goOn'>
  readonly logger: Logger
  readonly live: Pick<LiveRuns, 'all'>
  /** What an earlier life left is taken up. */
  readonly settled: () => Promise<void>
  /** Something waits. */
  readonly changed: () => void
}

/** Of the runs that live, and those on the record. */
export function parkedRuns(deps: ParkedDeps): ParkedRuns {
  const { ledger, live, clock, logger, settled, changed } = deps
  return {
    async park(runId, cause) {
      await settled()
      const run = live.all().find((candidate) => candidate.runId === runId)
      if (!run) return null
      const why: Ending = { outcome: 'parked', cause }
      return stopOne(run, why, deps, logger).finally(() => run.expectNoEnd(why))
    },

    goOn(runId, how) {
      const ended = ledger.endedRun(runId)
      if (ended === null) return null
      if (ended.continuedBy !== null) return ended.continuedBy
      const { intent, wait } = followUpOf(ended.run, { ...how, inSession: true, now: clock.now() })
      ledger.goOn(runId, intent, wait)
      logger.info({ request_id: intent.requestId, run_id: intent.runId, continues: runId }, 'run.go_on')
      changed()
      return intent.runId
    },
  }
}
