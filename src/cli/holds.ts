import type { HoldAnswer, HoldList, ReleaseAnswer } from '../runs/holds/hold-schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { duration, moment } from './human.ts'

/** `looper holds [release AGENT]`: the agents whose usage limit is reached; or lets the runs of one begin again now. */
export async function holds({ world, screen, client, words, options }: Context): Promise<number> {
  const [action, agent] = words
  if (action !== undefined) {
    if (!agent) throw wrongUse('which agent is to be released?', 'looper holds release AGENT')
    const path = `/holds/${encodeURIComponent(agent)}/release`
    const answer = await client.post<ReleaseAnswer>(path, {}, ['agent', 'waiting_count'])
    if (options.json) await screen.json(answer)
    else screen.say(`Released ${answer.agent}; ${runsWait(answer.waiting_count)}`)
    return EXIT.ok
  }
  const answer = await client.get<HoldList>('/holds', ['holds'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  for (const held of answer.holds) screen.say(heldLine(held, now))
  if (answer.holds.length === 0) screen.say('No agent waits for its usage limit.')
  else screen.say(screen.paint('dim', 'Let its runs begin now with: looper holds release AGENT'))
  return EXIT.ok
}

/** An agent whose usage limit is reached, in a line. */
export function heldLine(
  { agent, held_until: until, waiting_count: count }: HoldAnswer,
  now: number,
): string {
  const when =
    until === null
      ? 'until another run has shown that its usage limit is reset'
      : `for its usage limit until ${moment(until)}, in ${duration(Date.parse(until) - now)}`
  return `${agent} waits ${when}; ${runsWait(count)}`
}

const runsWait = (count: number) => (count === 1 ? '1 run waits' : `${count} runs wait`)
