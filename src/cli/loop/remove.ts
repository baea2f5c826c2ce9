import type { OneLoop } from '../../triggers/loop/schemas.ts'
import { consents } from '../consent.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'

/** `looper loop rm NAME`: removes a loop that rests, with its rounds and its memories. */
export async function removeLoop(context: Context, name: string): Promise<number> {
  const { client, screen, options } = context
  if (!(await mayRemove(context, name))) {
    screen.tell('looper: nothing was removed')
    return EXIT.failed
  }
  const answer = await client.post<OneLoop>(`/loops/${name}/remove`, {}, ['loop'])
  if (options.json) await screen.json(answer)
  else screen.say(`Removed loop ${answer.loop.name}`)
  return EXIT.ok
}

/** Says on a terminal what would be lost, and asks for consent where somebody can answer. */
async function mayRemove(context: Context, name: string): Promise<boolean> {
  const { client, screen, options } = context
  if (!screen.isTerminal || options.json) return true
  await client.get<OneLoop>(`/loops/${name}`, ['loop'])
  screen.say(screen.paint('bold', 'This will be removed:'))
  screen.say(`  loop ${name}, with all its rounds and both its memories`)
  return consents(context, 'Remove it?')
}
