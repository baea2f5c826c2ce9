import type { ClearAnswer, FlagList } from '../reports/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { duration, shortId } from './human.ts'

/** `looper flags [clear ID]`: what needs a look; or tells that somebody has looked. */
export async function flags({ world, screen, client, words, options }: Context): Promise<number> {
  const [action, id] = words
  if (action !== undefined) {
    if (id === undefined || !/^\d{1,15}$/.test(id))
      throw wrongUse('which flag is to be cleared?', 'looper flags clear ID; "looper flags" lists ids.')
    const answer = await client.post<ClearAnswer>(`/flags/${id}/clear`, {}, ['flag'])
    if (options.json) await screen.json(answer)
    else screen.say(`Cleared flag ${answer.flag.flag_id} of run ${shortId(answer.flag.run_id)}`)
    return EXIT.ok
  }
  const answer = await client.get<FlagList>('/flags', ['flags'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  for (const { flag_id, run_id, note, created_at } of answer.flags) {
    const since = `${duration(now - Date.parse(created_at))} ago`
    screen.say(
      `${String(flag_id).padStart(4)}  run ${shortId(run_id)}  ${screen.paint('dim', since)}  ${note}`,
    )
  }
  if (answer.flags.length === 0) screen.say('Nothing needs a look.')
  else screen.say(screen.paint('dim', 'Say that you have looked with: looper flags clear ID'))
  return EXIT.ok
}
