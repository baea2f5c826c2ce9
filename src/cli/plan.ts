import type { PlanAnswer } from '../runs/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { oneLine } from './harmless.ts'
import { shortId } from './human.ts'

type Plan = PlanAnswer['plan']

const WOULD: Readonly<Record<Plan['would'], string>> = {
  run: 'It would announce, stop and launch:',
  stop_only: 'It would announce and stop, and launch nothing, as the prompt is empty:',
  skip: 'It would do nothing, as a run lives:',
  blocked: 'It would announce and try to stop, but launch nothing beside an agent that it cannot stop:',
  busy: 'It would be told that another run is in progress; else:',
}

/** Asks what a run would do, and tells it. */
export async function tellPlan({ screen, client, options }: Context, body: object): Promise<number> {
  const answer = await client.post<PlanAnswer>('/run', { ...body, plan: true }, ['plan'])
  if (options.json) {
    screen.json(answer)
    return EXIT.ok
  }
  const { would, notice, stop, launch } = answer.plan
  screen.say(screen.paint('bold', WOULD[would]))
  screen.say(`announce  ${oneLine(notice.message)} (${oneLine(notice.route)})`)
  for (const { pid, run_id, command, stoppable } of stop) {
    const run = run_id === null ? '' : ` (run ${shortId(run_id)})`
    // A service that is older than this command does not tell.
    screen.say(`${stoppable === false ? 'no way to stop ' : 'stop      '}${pid}${run}  ${oneLine(command)}`)
  }
  if (stop.length === 0) screen.say('stop      nothing')
  if (launch === null) return EXIT.ok
  screen.say(`launch    ${oneLine(launch.command)}`)
  screen.say(`in        ${oneLine(launch.workspace)}, ${launch.delay_seconds} s after the stop`)
  screen.say(`program   ${oneLine(launch.binary)} (${launch.binary_source})`)
  const limits = [
    ...(launch.timeout_seconds > 0 ? [`ended after ${launch.timeout_seconds} s`] : []),
    ...(launch.stall_seconds > 0 ? [`ended after ${launch.stall_seconds} s without output`] : []),
  ]
  if (limits.length > 0) screen.say(`limits    ${limits.join(', ')}`)
  return EXIT.ok
}
