import type { Static } from '../base/schema.ts'
import type { StopAnswer } from '../runs/run-schemas.ts'
import type { StatusCore } from '../views/status/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { findRun } from './find-run.ts'
import { hasFailed, labelOf, shortId, type Told } from './human.ts'
import { spinning } from './spinner.ts'

type Stopped = Static<typeof StopAnswer>
type StoppedRun = Stopped['run'] & Told

/** `looper stop [ID]`: stops a run, by default the one that lives, and waits for its verified end. */
export async function stop(context: Context): Promise<number> {
  const { screen, client, words, options } = context
  const [id] = words
  const runId = id === undefined ? await liveRun() : await findRun(client, id)
  const answer = await spinning(context, `stopping ${shortId(runId)}`, () =>
    client.post<Stopped>(`/runs/${runId}/stop`, {}, ['run', 'stopped_pids', 'remaining_pids']),
  )
  const { stopped_pids: stopped, remaining_pids: remaining } = answer
  if (options.json) await screen.json(answer)
  else {
    const pids =
      stopped.length === 0 ? '' : ` (${stopped.length === 1 ? 'pid' : 'pids'} ${stopped.join(', ')})`
    const run: StoppedRun = answer.run
    screen.say(`Stopped ${labelOf(run)}${pids}`)
    if (hasFailed(run) && run.cause) screen.say(`It had failed: ${run.cause}`)
    if (hasFailed(run) && run.remedy) screen.say(run.remedy)
  }
  if (remaining.length === 0) return EXIT.ok
  screen.tell(`looper: still alive: ${remaining.join(', ')}; stop them by hand`)
  return EXIT.failed

  async function liveRun(): Promise<string> {
    const { slot, current } = await client.get<StatusCore>('/status', ['slot', 'current'])
    // A run that is still being announced would replace the other one.
    const found = slot.run_id ?? current?.run_id
    if (found !== undefined) return found
    throw new Failure(EXIT.notFound, 'nothing is running', '"looper runs" lists earlier runs.')
  }
}
