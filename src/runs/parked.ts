import type { Logger } from 'pino'
import { sleepUnless } from '../base/news.ts'
import type { StopReport } from '../processes/stop.ts'
import type { InterruptedRun } from '../record/holds.ts'
import type { Ledger } from '../record/ledger.ts'
import { type FollowUp, followUpOf } from './follow-up.ts'
import type { LiveRuns } from './live.ts'
import type { Ending } from './outcome.ts'
import { MAX_PROMPT_BYTES } from './prompt.ts'
import type { ResetDeps } from './reset.ts'
import type { Run } from './run.ts'
import { stopOne } from './stop-runs.ts'

/** Runs that end, and go on in their sessions later. */
export interface ParkedRuns {
  /**
   * Ends a run with everything it started, to go on later; one that ends by itself first is parked as well. Null where no such
   * run lives.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_STOP_FAILED`
   */
  park(runId: string, cause: string): Promise<StopReport | null>
  /**
   * Lets a run that has ended go on in its session, once, as the next one of its slot: the run that does so, or did so before.
   * One that has told no session begins again, with what it is told behind its own prompt.
   * Null where it has not ended. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  goOn(runId: string, how: Pick<FollowUp, 'prompt' | 'why'>): string | null
}

/** What they take. */
export interface ParkedDeps extends ResetDeps {
  readonly ledger: Pick<Ledger, 'find' | 'endedRun' | 'goOn'>
  readonly logger: Logger
  readonly live: Pick<LiveRuns, 'all'>
  /** What an earlier life left is taken up. */
  readonly settled: () => Promise<void>
  /** Something waits. */
  readonly changed: () => void
}

/** So long a run goes on that is to be parked, or as often so long until its session is known. */
const LAST_MS = 1000

/** Of the runs that live, and those on the record. */
export function parkedRuns(deps: ParkedDeps): ParkedRuns {
  const { ledger, live, clock, logger, settled, changed } = deps

  /** Lets an agent read what it was answered last, and tell its session, as some do when their first tool calls are over. */
  async function lastWords({ runId, ended }: Run): Promise<void> {
    const over = new AbortController()
    const end = ended.then(() => over.abort())
    do await sleepUnless(end, LAST_MS, clock, over.signal)
    while (!over.signal.aborted && ledger.find(runId)?.sessionId === null)
  }

  return {
    async park(runId, cause) {
      await settled()
      const run = live.all().find((candidate) => candidate.runId === runId)
      if (!run) return null
      const why: Ending = { outcome: 'parked', cause }
      run.expectEnd(why)
      await lastWords(run)
      return stopOne(run, why, deps, logger).finally(() => run.expectNoEnd(why))
    },

    goOn(runId, { prompt, why }) {
      const ended = ledger.endedRun(runId)
      if (ended === null) return null
      if (ended.continuedBy !== null) return ended.continuedBy
      const inSession = ended.run.sessionId !== null
      const how = { prompt: inSession ? prompt : wholePrompt(ended.run, prompt), why, inSession }
      const { intent, wait } = followUpOf(ended.run, { ...how, now: clock.now() })
      ledger.goOn(runId, intent, wait)
      logger.info({ request_id: intent.requestId, run_id: intent.runId, continues: runId }, 'run.go_on')
      changed()
      return intent.runId
    },
  }
}

/** What an agent is told that begins again, and knows nothing of before. */
function wholePrompt(run: Pick<InterruptedRun, 'prompt'>, prompt: string): string {
  const whole = `${run.prompt}\n\n${prompt}`
  return Buffer.byteLength(whole) <= MAX_PROMPT_BYTES ? whole : prompt
}
