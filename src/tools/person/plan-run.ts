import { planAnswer } from '../../runs/plan-answer.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { LaunchInput } from './launch-input.ts'
import { type LaunchDeps, launchRequest } from './launch-request.ts'

/** What a start would do, as `POST /run` with `plan` tells it. */
export const planRunTool = (deps: LaunchDeps): PersonTool =>
  personTool({
    name: 'plan_run',
    description: 'Tell what start_run would announce, stop and launch; nothing is done.',
    input: LaunchInput,
    isReadOnly: true,
    scope: 'run',
    async call(args, caller) {
      const request = await launchRequest(args, caller, deps)
      const { plan } = planAnswer(await deps.runs.plan(request))
      // The command says the same again.
      return { ...plan, launch: plan.launch && { ...plan.launch, argv: undefined } }
    },
  })
