import { startAside } from '../../runs/post-run.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { knownFields } from './known-fields.ts'
import { LaunchInput } from './launch-input.ts'
import { type LaunchDeps, launchRequest } from './launch-request.ts'

/** Starts a run, as `POST /run` with `Prefer: respond-async` does. */
export const startRunTool = (deps: LaunchDeps): PersonTool =>
  personTool({
    name: 'start_run',
    description:
      'Start a run: announces it, stops what runs in the slot (unless if_running says otherwise), launches the agent. It answers at once; get_run tells what became of it.',
    input: LaunchInput,
    isReadOnly: false,
    scope: 'run',
    async call(args, caller) {
      const request = await launchRequest(args, caller, deps)
      const { runId, ahead, heldUntil } = await startAside(deps.runs, request, 'refuse')
      if (runId === null) return 'Nothing was begun, as the slot is taken.'
      return knownFields({ run_id: runId, waiting_ahead: ahead, held_until: heldUntil })
    },
  })
