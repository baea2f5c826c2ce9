import type { ClaimList } from '../claims/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { duration, shortId } from './human.ts'

/** `looper claims`: the names that runs hold. */
export async function claims({ world, screen, client, options }: Context): Promise<number> {
  const answer = await client.get<ClaimList>('/claims', ['claims'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  for (const { name, run_id, run_name, slot, since } of answer.claims) {
    const who = `run ${shortId(run_id)} ${run_name} in slot ${slot}`
    screen.say(`${screen.paint('bold', name)}  ${who}, for ${duration(now - Date.parse(since))}`)
  }
  if (answer.claims.length === 0) screen.say('No run holds a name.')
  return EXIT.ok
}
