import type { AgentsAnswer } from '../views/agents/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { spinning } from './spinner.ts'

const NAME_CELLS = 12

/** `looper agents`: which agents there are, found where, and whether they are logged in. */
export async function agents(context: Context): Promise<number> {
  const { screen, client, options } = context
  const answer = await spinning(context, 'asking the agents', () =>
    client.get<AgentsAnswer>('/agents', ['agents']),
  )
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const { paint } = screen
  for (const agent of answer.agents) {
    const { name, problem, program, version, logged_in, model, models } = agent
    const label = `${name}${agent.default ? ' *' : ''}`.padEnd(NAME_CELLS)
    if (problem !== null) {
      screen.say(`${paint('bold', label)} ${paint('yellow', problem)}`)
      continue
    }
    const login = logged_in === null ? '' : logged_in ? ', logged in' : paint('red', ', not logged in')
    screen.say(`${paint('bold', label)} ${version ?? 'unknown version'}${login}, ${program}`)
    if (model !== null) screen.say(`${' '.repeat(NAME_CELLS)} model ${model}`)
    if (models.length > 0) screen.say(`${' '.repeat(NAME_CELLS)} ${paint('dim', models.join(' '))}`)
  }
  return EXIT.ok
}
