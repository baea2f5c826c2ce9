import { Type } from '../base/schema.ts'
import type { RunRecord } from '../record/run-record.ts'
import { askedAgain } from '../runs/asked-again.ts'
import { startAside } from '../runs/post-run.ts'
import { prepareRun, type RequestDefaults } from '../runs/request.ts'
import type { RunRequest } from '../runs/run.ts'
import type { RunBody } from '../runs/run-body.ts'
import type { Runs } from '../runs/runs.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface RequestRunDeps {
  readonly runs: Runs
  readonly defaults: RequestDefaults
  newRequestId(): string
}

const WORDS = ['replace', 'queue', 'coalesce', 'skip'] as const
const MOST_CHARACTERS = 100_000

/** Asks for the run that comes after this one, in its slot, with nothing that this one may not. */
export const requestRunTool = ({ runs, defaults, newRequestId }: RequestRunDeps): Tool =>
  tool({
    name: 'request_run',
    description:
      'Your last act: ask for a fresh run in this slot, with the same agent, workspace and limits. With if_running "replace" this run is stopped as soon as the call is taken, and the new one begins.',
    input: Type.Object(
      {
        message: Type.String({ minLength: 1, maxLength: 4000, description: 'The notice that people get.' }),
        prompt: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: MOST_CHARACTERS,
            description: 'What it is to do; without it, the default prompt of the service.',
          }),
        ),
        if_running: Type.Optional(
          Type.Enum([...WORDS], {
            description:
              'replace (default): stop this run. queue: wait until it has ended. coalesce: as queue, in place of what waits.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ message, prompt, if_running = 'replace' }, run) {
      const body = { ...bodyOf(run), zulip_message: message, codex_prompt: prompt ?? null, if_running }
      const origin = { requestId: newRequestId(), trigger: 'tool', caller: run.runId } as const
      const { request } = await prepareRun(body, origin, defaults)
      const { runId, ahead } = await startAside(runs, withCheckOf(run, request), 'wait')
      if (runId === null) return 'Nothing was begun, as this run is at work.'
      if (ahead !== null) return `Run ${runId} waits for this one to end; ${ahead} wait before it.`
      return `Run ${runId} begins, and this one is stopped now.`
    },
  })

/** The next run as it is asked for: who asks for it can ask for no more than its own run may. */
export const bodyOf = (run: RunRecord): Omit<RunBody, 'zulip_message'> => ({
  ...askedAgain(run),
  isolate: run.worktree ? 'worktree' : null,
})

/** What checked the work of one checks the work of the next. */
const withCheckOf = ({ check }: RunRecord, request: RunRequest): RunRequest => ({
  ...request,
  launch: request.launch && { ...request.launch, check },
})
