import { LooperError } from '../../base/errors.ts'
import { type ChoiceDeps, chooseAgent, NO_WISH } from '../../runs/agent-choice.ts'
import type { Budget } from '../../runs/budget/budget.ts'
import { chooseBudget, NO_BUDGET_WISH } from '../../runs/budget/choose-budget.ts'
import { type LaunchWish, prepareLaunch } from '../../runs/launch-request.ts'
import { type PromptSource, readDefaultPrompt } from '../../runs/prompt.ts'
import type { LaunchRequest } from '../../runs/run.ts'
import { type DefaultCheck, defaultCheck } from '../../runs/verify/choose-check.ts'

/** What the default run is made of. */
export interface DefaultRun
  extends ChoiceDeps,
    Omit<LaunchWish, 'workspace' | 'message' | 'prompt' | 'binary' | 'choice'> {
  readonly workspace: string | null
  readonly prompt: PromptSource
  readonly verify?: DefaultCheck
  readonly dayBudget?: Budget
}

/**
 * The run that is launched when nothing runs; its prompt file is read anew, and everything is checked.
 * @throws {LooperError} what keeps it from being launched
 */
export async function prepareDefault(
  run: DefaultRun,
  newRequestId: () => string,
  caller: string | null,
): Promise<LaunchRequest> {
  const prompt = await readDefaultPrompt(run.prompt)
  /* c8 ignore next 3: the settings switch the autopoll off without them */
  if (prompt === null || run.workspace === null) {
    throw new LooperError('LOOPER_PROMPT_MISSING', 'no default prompt and workspace are configured')
  }
  const origin = { requestId: `auto${newRequestId()}`, trigger: 'autopoll', caller } as const
  const choice = chooseAgent(NO_WISH, run)
  return prepareLaunch(origin, {
    ...run,
    message: null,
    prompt,
    workspace: run.workspace,
    binary: null,
    choice,
    budget: chooseBudget(NO_BUDGET_WISH, choice.agent, run),
    check: defaultCheck(run.verify),
  })
}
