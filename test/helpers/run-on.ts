import type { RunRequest, RunResult } from '../../src/runs/run.ts'
import type { Runs } from '../../src/runs/runs.ts'

/** Makes a request that is not to be skipped, and waits until it is done. */
export async function runOn(runs: Runs, request: RunRequest): Promise<RunResult> {
  const started = await runs.start(request)
  if (started.kind === 'skipped') throw new Error('it was skipped')
  return started.done
}
