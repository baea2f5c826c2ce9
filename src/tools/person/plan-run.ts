import { planAnswer } from '../../runs/plan-answer.ts'
import { prepareRun } from '../../runs/request.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { LaunchInput, launchBody } from './launch-input.ts'
import type { LaunchDeps } from './start-run.ts'

/** What a start would do, as `POST /run` with `plan` tells it. */
export const planRunTool = ({ runs, defaults, newRequestId }: LaunchDeps): PersonTool =>
  personTool({
    name: 'plan_run',
    description: 'Tell what start_run would announce, stop and launch; nothing is done.',
    input: LaunchInput,
    isReadOnly: true,
    scope: 'run',
    async call(args, caller) {
      await runs.adopted()
      const origin = { requestId: newRequestId(), trigger: 'http', caller: caller?.name ?? null } as const
      const { request } = await prepareRun(launchBody(args), origin, defaults)
      const { plan } = planAnswer(await runs.plan(request))
      // The command says the same again.
      return { ...plan, launch: plan.launch && { ...plan.launch, argv: undefined } }
    },
  })
