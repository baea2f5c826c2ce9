import { Type } from '../../base/schema.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { Runs } from '../../runs/runs.ts'
import { stopAnswer } from '../../runs/stop-answer.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { RUN_ID } from './run-id.ts'

/** What it takes. */
export interface StopRunDeps {
  readonly runs: Pick<Runs, 'stop'>
  readonly ledger: Pick<Ledger, 'find'>
}

/** Stops a run, as `POST /runs/:run_id/stop` does. */
export const stopRunTool = (deps: StopRunDeps): PersonTool =>
  personTool({
    name: 'stop_run',
    description: 'Stop a run that lives or waits, and wait until nothing of it is left.',
    input: Type.Object({ run_id: RUN_ID }, { additionalProperties: false }),
    isReadOnly: false,
    scope: 'run',
    async call({ run_id }, caller) {
      const { run, stopped_pids, remaining_pids } = await stopAnswer(deps, run_id, caller?.name)
      return { run_id: run.run_id, outcome: run.outcome, stopped_pids, remaining_pids }
    },
  })
