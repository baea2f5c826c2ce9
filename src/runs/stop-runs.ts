import type { Logger } from 'pino'
import { LooperError, messageOf } from '../base/errors.ts'
import { look } from '../processes/look.ts'
import type { StopReport } from '../processes/stop.ts'
import { LIMITS } from './changes/changes.ts'
import type { Ending } from './outcome.ts'
import { findAgents, type ResetDeps, type ResetReport, type SlotRuns, stopAgents } from './reset.ts'
import type { Run } from './run.ts'
import { stopTree } from './stop-tree.ts'

/**
 * Stops every live agent of a slot; the logs of its runs are complete and their ends on the record when it resolves. What
 * survives is told, not waited for.
 * @throws {LooperError} `LOOPER_STOP_FAILED` where the processes cannot be looked at
 */
export async function stopAll(
  runs: SlotRuns,
  why: Ending,
  deps: ResetDeps,
  log: Logger,
): Promise<ResetReport> {
  for (const run of runs.own) run.expectEnd(why)
  const found = await verified(look(deps.clock, () => findAgents(deps, runs)))
  const report = await verified(stopAgents(deps, found))
  await ends(runs.own, report, deps, log)
  return report
}

/** Stops one run, like {@link stopAll}. */
export async function stopOne(run: Run, why: Ending, deps: ResetDeps, log: Logger): Promise<StopReport> {
  run.expectEnd(why)
  const report = await verified(stopTree(run.runId, run.agent, deps))
  await ends([run], report, deps, log)
  return report
}

async function verified<T>(stop: Promise<T>): Promise<T> {
  try {
    return await stop
  } catch (error) {
    const why = messageOf(error)
    throw new LooperError('LOOPER_STOP_FAILED', `cannot tell whether the old agent is gone: ${why}`, {
      cause: error,
    })
  }
}

/** How long a run whose agent is gone may take to its end: its tools have some seconds, so has its log, and what it changed. */
const END_LIMIT_MS = 15_000 + LIMITS.afterMs

async function ends(runs: readonly Run[], report: StopReport, { table, clock }: ResetDeps, log: Logger) {
  if (report.survivors.length > 0) log.error({ survivors: report.survivors }, 'run.stop.survivors')
  const alive = new Set(report.survivors)
  // A wrapper that somebody stopped would never tell the end.
  await verified(look(clock, () => Promise.all(runs.map(({ wrapper }) => table.signal(wrapper, 'SIGCONT')))))
  const ended = Promise.all(runs.filter(({ agent }) => !alive.has(agent.pid)).map((run) => run.ended))
  const decided = new AbortController()
  // Whoever follows it insists on looks that may fail for ever: neither a request nor a shutdown waits so long.
  const late = clock.sleep(END_LIMIT_MS, decided.signal).then(() => {
    throw new Error('what it left behind cannot be looked at; the server log says why')
  })
  await verified(Promise.race([ended, late])).finally(() => decided.abort())
}
