import { grouped } from '../base/counted.ts'
import type { PlanAnswer } from '../runs/answers.ts'
import { usd } from '../runs/budget/budget.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { duration, nameOf, shortId } from './human.ts'
import { cutTo } from './table.ts'

type Plan = PlanAnswer['plan']

/** An agent that would be stopped; a service that is older than this command tells less. */
type PlannedStop = Omit<Plan['stop'][number], 'stoppable'> & {
  readonly stoppable?: boolean
  readonly name?: string | null
  readonly age_seconds?: number | null
}

const COMMAND_CELLS = 60

const WOULD: Readonly<Record<Plan['would'], string>> = {
  run: 'It would announce, stop and launch:',
  wait: 'It would wait until the slot is free, then announce and launch:',
  stop_only: 'It would announce and stop, but launch nothing, because the prompt is empty:',
  skip: 'It would do nothing, because an agent is already running:',
  blocked: 'It would announce and try to stop, but launch nothing, because an agent cannot be stopped:',
  busy: 'It would be refused, because another launch is in progress; otherwise:',
}

/** What the service would do. */
export const askPlan = ({ client }: Context, body: object): Promise<PlanAnswer> =>
  client.post<PlanAnswer>('/run', { ...body, plan: true }, ['plan'])

/** Asks what a run would do, and tells it. */
export async function tellPlan(context: Context, body: object): Promise<number> {
  const { screen, options } = context
  const answer = await askPlan(context, body)
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const { would, notice, stop, launch } = answer.plan
  screen.say(screen.paint('bold', WOULD[would]))
  screen.say(`announce  ${notice.message}${notice.route ? ` (${notice.route})` : ''}`)
  for (const planned of stop) screen.say(`stop      ${stopLine(planned)}`)
  if (stop.length === 0) screen.say('stop      nothing')
  if (launch === null) return EXIT.ok
  screen.say(`launch    ${launch.command}`)
  screen.say(`in        ${launch.workspace}, ${launch.delay_seconds} s after the stop`)
  screen.say(`program   ${launch.binary} (${launch.binary_source})`)
  if (launch.verify) screen.say(`check     ${launch.verify}`)
  // A service that is older than this command tells no budget.
  const { max_tokens, max_cost_usd } = launch
  const limits = [
    ...(launch.timeout_seconds > 0 ? [`stopped after ${duration(launch.timeout_seconds * 1000)}`] : []),
    ...(launch.stall_seconds > 0
      ? [`stopped after ${duration(launch.stall_seconds * 1000)} without a sign of life`]
      : []),
    ...(max_tokens ? [`stopped at ${grouped(max_tokens)} tokens`] : []),
    ...(max_cost_usd ? [`stopped at ${usd(max_cost_usd)}`] : []),
  ]
  if (limits.length > 0) screen.say(`limits    ${limits.join(', ')}`)
  return EXIT.ok
}

/** An agent that would be stopped: which run, or whose, for how long, and its process. */
export function stopLine({ pid, run_id, name, age_seconds, command, stoppable }: PlannedStop): string {
  const isStranger = run_id === null
  const who = isStranger ? cutTo(command, COMMAND_CELLS, 'end') : nameOf(name ? { name } : {})
  const facts = [
    isStranger ? 'not started by Looper' : `run ${shortId(run_id)}`,
    ...(typeof age_seconds === 'number' ? [`for ${duration(age_seconds * 1000)}`] : []),
    `pid ${pid}`,
    ...(stoppable === false ? ['cannot be stopped'] : []),
  ]
  return `${who} (${facts.join(', ')})`.trimStart()
}
