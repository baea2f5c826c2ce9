import type { RunDetails } from '../runs/run-schemas.ts'
import type { Options } from './args.ts'
import type { Context } from './context.ts'
import { findRun, presentRun } from './find-run.ts'
import { labelOf, nameOf, type Told } from './human.ts'
import { checkStaying, launchRun } from './launch.ts'

type Newer =
  | 'agent'
  | 'model'
  | 'slot'
  | 'share_workspace'
  | 'worktree'
  | 'max_tokens'
  | 'max_cost_usd'
  | 'verify'
  | 'verify_timeout_seconds'

/** What a service tells of the message of a run; one that is older than this command does not. */
type Recorded = Omit<RunDetails, Newer> &
  Partial<Pick<RunDetails, Newer>> &
  Told & { readonly message?: string | null }

/** `looper rerun [ID]`: asks for a run as another one was: same message, prompt, slot, workspace, agent, model, program, budget and check. */
export async function rerun(context: Context): Promise<number> {
  const { client, words, options } = context
  checkStaying(options)
  const [id] = words
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)
  const fields = ['run_id', 'prompt', 'workspace', 'binary'] as const
  const recorded = await client.get<Recorded>(`/runs/${runId}`, fields)
  const body = {
    // One that the autopoll launched had none.
    zulip_message: recorded.message || nameOf(recorded) || `Again: ${labelOf(recorded)}`,
    codex_prompt: recorded.prompt,
    workspace: recorded.workspace,
    codex_exec_binary: recorded.binary,
    ...(recorded.slot === undefined ? {} : { slot: recorded.slot }),
    ...(recorded.share_workspace ? { share_workspace: true } : {}),
    ...(recorded.worktree ? { isolate: 'worktree' } : {}),
    ...(recorded.agent === undefined ? {} : { agent: recorded.agent }),
    ...(recorded.model ? { model: recorded.model } : {}),
    ...budgetOf(recorded, options),
    ...checkOf(recorded, options.verify),
    ...(options.continue ? { resume: runId } : {}),
  }
  return launchRun(context, body, false)
}

/** The budget of the run, or another one. */
function budgetOf({ max_tokens, max_cost_usd }: Recorded, options: Options) {
  const tokens = options['max-tokens'] ?? max_tokens ?? null
  const dollars = options['max-cost-usd'] ?? max_cost_usd ?? null
  return {
    ...(tokens === null ? {} : { max_tokens: tokens }),
    ...(dollars === null ? {} : { max_cost_usd: dollars }),
  }
}

/** The check of the run, or another one. */
function checkOf({ verify, verify_timeout_seconds }: Recorded, other: string | undefined) {
  if (!verify) return other === undefined ? {} : { verify: other }
  return { verify: other ?? verify, verify_timeout_seconds }
}
