import { LooperError } from '../base/errors.ts'
import { runOf } from '../logs/run-of.ts'
import type { Ledger } from '../record/ledger.ts'
import type { StopAnswer } from './run-schemas.ts'
import type { Runs } from './runs.ts'
import { detailsOf } from './views.ts'

/**
 * Stops a run for whoever asked, and tells how it ended.
 * @param caller the name of the token; undefined where nobody was asked for one
 * @throws {LooperError} `LOOPER_RUN_NOT_FOUND`, `LOOPER_RUN_ENDED`
 */
export async function stopAnswer(
  { runs, ledger }: { readonly runs: Pick<Runs, 'stop'>; readonly ledger: Pick<Ledger, 'find'> },
  runId: string,
  caller: string | undefined,
): Promise<StopAnswer> {
  runOf(ledger, runId)
  const report = await runs.stop(runId, `stopped by ${caller ?? 'a request'}`)
  const run = runOf(ledger, runId)
  if (!report) throw new LooperError('LOOPER_RUN_ENDED', `run ${runId} has ended already: ${run.outcome}`)
  return {
    ok: true,
    run: detailsOf(run),
    stopped_pids: [...report.signalled],
    remaining_pids: [...report.survivors],
  }
}
