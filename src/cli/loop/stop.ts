import type { OneLoop } from '../../triggers/loop/schemas.ts'
import { consents } from '../consent.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { duration } from '../human.ts'
import { spinning } from '../spinner.ts'
import { newestRounds } from './rounds.ts'
import { standing } from './words.ts'

/** `looper loop stop NAME`: ends a loop now, with the round that runs and all that this started. */
export async function stopLoop(context: Context, name: string): Promise<number> {
  const { client, screen, options, world } = context
  if (!(await mayStop(context, name))) {
    screen.tell('looper: nothing was stopped')
    return EXIT.failed
  }
  const answer = await spinning(context, `stopping loop ${name}`, () =>
    client.post<OneLoop>(`/loops/${name}/stop`, {}, ['loop']),
  )
  if (options.json) await screen.json(answer)
  else screen.say(standing(answer.loop, world.clock.now()))
  if (answer.loop.state !== 'running') return EXIT.ok
  screen.tell(`looper: its round is still being stopped; "looper slots" shows it`)
  return EXIT.failed
}

/** Says on a terminal which round would be stopped, and asks for consent where somebody can answer. */
async function mayStop(context: Context, name: string): Promise<boolean> {
  const { client, screen, options, world } = context
  if (!screen.isTerminal || options.json) return true
  const [round] = await newestRounds(client, name, 1)
  if (!round || round.ended_at !== null) return true
  const since = duration(world.clock.now() - Date.parse(round.started_at))
  screen.say(screen.paint('bold', 'This will be stopped:'))
  screen.say(`  loop ${name}, in round ${round.iteration} for ${since}`)
  return consents(context, 'Stop it?')
}
