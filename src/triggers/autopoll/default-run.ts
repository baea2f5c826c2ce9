import type { Agent } from '../../agents/agent.ts'
import { LooperError } from '../../base/errors.ts'
import { readTail } from '../../logs/run-log.ts'
import type { RunRecord } from '../../record/ledger.ts'
import { type ChoiceDeps, chooseAgent, NO_WISH } from '../../runs/agent-choice.ts'
import { type PromptSource, readDefaultPrompt } from '../../runs/prompt.ts'
import { type LaunchWish, prepareLaunch } from '../../runs/request.ts'
import type { LaunchRequest } from '../../runs/run.ts'

/** What the default run is made of. */
export interface DefaultRun
  extends ChoiceDeps,
    Omit<LaunchWish, 'workspace' | 'message' | 'prompt' | 'binary' | 'choice'> {
  readonly workspace: string | null
  readonly prompt: PromptSource
}

/** An agent tells its session in the first lines, and the limit in the last; its log is short then. */
const LIMIT_LINES = 200

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
  return prepareLaunch(origin, {
    ...run,
    message: null,
    prompt,
    workspace: run.workspace,
    binary: null,
    choice: chooseAgent(NO_WISH, run),
  })
}

/**
 * When a run that ended at a usage limit may succeed again, in milliseconds since the epoch; null where it did not end
 * so, or nobody knows.
 */
export function limitedUntil(
  {
    logPath,
    outcome,
    returnCode,
    endedAt,
  }: Pick<RunRecord, 'logPath' | 'outcome' | 'returnCode' | 'endedAt'>,
  agent: Pick<Agent, 'limitedUntil'>,
  env: () => NodeJS.ProcessEnv,
): number | null {
  // One that ended well merely spoke of a limit.
  if (logPath === null || outcome !== 'exited' || returnCode === 0 || endedAt === null) return null
  try {
    return agent.limitedUntil(readTail(logPath, LIMIT_LINES), env(), endedAt)
    /* c8 ignore next 3: the moment at which there are no descriptors; the next look will tell */
  } catch {
    return null
  }
}
