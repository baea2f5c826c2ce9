import { Type } from '../base/schema.ts'
import { startAside } from '../runs/post-run.ts'
import type { Runs } from '../runs/runs.ts'
import { type NextRunDeps, nextRun, nextRunInput } from './next-run.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface RequestRunDeps extends NextRunDeps {
  readonly runs: Runs
}

const WORDS = ['replace', 'queue', 'coalesce', 'skip'] as const

/** Asks for the run that comes after this one, in its slot, with nothing that this one may not. */
export const requestRunTool = (deps: RequestRunDeps): Tool =>
  tool({
    name: 'request_run',
    description:
      'Your last act: ask for a fresh run in this slot, with the same agent, workspace and limits. With if_running "replace" this run is stopped as soon as the call is taken, and the new one begins.',
    input: Type.Object(
      {
        ...nextRunInput,
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
    async call({ if_running = 'replace', ...said }, run) {
      const request = await nextRun(run, said, if_running, deps)
      const { runId, ahead } = await startAside(deps.runs, request, 'wait')
      if (runId === null) return 'Nothing was begun, as this run is at work.'
      if (ahead !== null) return `Run ${runId} waits for this one to end; ${ahead} wait before it.`
      return `Run ${runId} begins, and this one is stopped now.`
    },
  })
