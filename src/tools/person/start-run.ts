import { startAside } from '../../runs/post-run.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import type { Runs } from '../../runs/runs.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { knownFields } from './known-fields.ts'
import { LaunchInput, launchBody } from './launch-input.ts'

/** What it takes. */
export interface LaunchDeps {
  readonly runs: Runs
  readonly defaults: RequestDefaults
  newRequestId(): string
}

/** Starts a run, as `POST /run` with `Prefer: respond-async` does. */
export const startRunTool = ({ runs, defaults, newRequestId }: LaunchDeps): PersonTool =>
  personTool({
    name: 'start_run',
    description:
      'Start a run: announces it, stops what runs in the slot (unless if_running says otherwise), launches the agent. It answers at once; get_run tells what became of it.',
    input: LaunchInput,
    isReadOnly: false,
    scope: 'run',
    async call(args, caller) {
      await runs.adopted()
      const origin = { requestId: newRequestId(), trigger: 'http', caller: caller?.name ?? null } as const
      const { request } = await prepareRun(launchBody(args), origin, defaults)
      const { runId, ahead, heldUntil } = await startAside(runs, request, 'refuse')
      if (runId === null) return 'Nothing was begun, as the slot is taken.'
      return knownFields({ run_id: runId, waiting_ahead: ahead, held_until: heldUntil })
    },
  })
