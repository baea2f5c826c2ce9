import { Type } from '../base/schema.ts'
import type { Ledger } from '../record/ledger.ts'
import { startAside } from '../runs/post-run.ts'
import type { Runs } from '../runs/runs.ts'
import { type NextRunDeps, nextRun, nextRunInput } from './next-run.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface RequestRunDeps extends NextRunDeps {
  readonly runs: Runs
  readonly ledger: Pick<Ledger, 'waitingFor'>
}

/** Each of them will be a run: one that asks in a loop must not fill its slot for days. */
const MOST_WAITING = 5
const WORDS = ['replace', 'queue', 'coalesce', 'skip'] as const

/** Asks for the run that comes after this one, in its slot, with nothing that this one may not. */
export function requestRunTool(deps: RequestRunDeps): Tool {
  /** The runs that ask now, or are being replaced: each is to have one that comes after it. */
  const asking = new Set<string>()

  return tool({
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
      if (asking.has(run.runId)) throw new Error('this run asks for the next one already')
      if (if_running === 'queue' && deps.ledger.waitingFor(run.runId) >= MOST_WAITING)
        throw new Error(`${MOST_WAITING} runs that this one asked for wait already; ask for no more`)
      asking.add(run.runId)
      const free = () => asking.delete(run.runId)
      try {
        const request = await nextRun(run, said, if_running, deps)
        const { runId, ahead, effect } = await startAside(deps.runs, request, 'wait')
        // Of one that is being replaced, not before that has failed.
        Promise.resolve(effect).then(free, free)
        if (runId === null) return 'Nothing was begun, as this run is at work.'
        if (ahead !== null) return `Run ${runId} waits for this one to end; ${ahead} wait before it.`
        return `Run ${runId} begins, and this one is stopped now.`
      } catch (error) {
        free()
        throw error
      }
    },
  })
}
