import { Type } from '../base/schema.ts'
import { withoutMentions } from '../notices/without-mentions.ts'
import type { RunRecord } from '../record/run-record.ts'
import { askedAgain } from '../runs/asked-again.ts'
import { prepareRun, type RequestDefaults } from '../runs/request.ts'
import type { IfRunning, RunRequest } from '../runs/run.ts'
import type { RunBody } from '../runs/run-body.ts'

/** What is needed to ask for the run that comes after one. */
export interface NextRunDeps {
  readonly defaults: RequestDefaults
  newRequestId(): string
}

const MOST_CHARACTERS = 100_000

/** What the agent of a run may say of the next one. */
export const nextRunInput = {
  message: Type.String({ minLength: 1, maxLength: 4000, description: 'The notice that people get.' }),
  prompt: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MOST_CHARACTERS,
      description: 'What it is to do; without it, the default prompt of the service.',
    }),
  ),
}

/** The next run as it is asked for: who asks for it can ask for no more than its own run may. */
export const bodyOf = (run: RunRecord): Omit<RunBody, 'zulip_message'> => ({
  ...askedAgain(run),
  isolate: run.worktree ? 'worktree' : null,
})

/**
 * The request for the run after this one, in its slot; its notice calls nobody. What checked the work of one checks the work of
 * the next.
 * @throws {LooperError} where it cannot work
 */
export async function nextRun(
  run: RunRecord,
  { message, prompt }: { readonly message: string; readonly prompt?: string | undefined },
  ifRunning: IfRunning,
  { defaults, newRequestId }: NextRunDeps,
): Promise<RunRequest> {
  const said = {
    zulip_message: withoutMentions(message),
    codex_prompt: prompt ?? null,
    if_running: ifRunning,
  }
  const origin = { requestId: newRequestId(), trigger: 'tool', caller: run.runId } as const
  const { request } = await prepareRun({ ...bodyOf(run), ...said }, origin, defaults)
  return { ...request, launch: request.launch && { ...request.launch, check: run.check } }
}
