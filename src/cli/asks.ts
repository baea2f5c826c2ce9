import type { AskAnswer, AskList } from '../people/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { duration, shortId } from './human.ts'
import { readWord } from './text-source.ts'

const SHOWN = 500

/** `looper asks [--all]`: what agents ask people and nobody has answered yet, the oldest first; or all that is known. */
export async function asks({ world, screen, client, options }: Context): Promise<number> {
  const which = options.all ? '' : '&state=open'
  const answer = await client.get<AskList>(`/asks?limit=${SHOWN}${which}`, ['asks'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  for (const ask of [...answer.asks].reverse()) {
    screen.say(`${screen.paint('bold', ask.ask_id)}  run ${shortId(ask.run_id)}, ${standing(ask, now)}`)
    for (const line of ask.question.split(/\r?\n/)) screen.say(`  ${line}`)
    if (ask.choices.length > 0) screen.say(`  choices: ${ask.choices.join(' | ')}`)
    if (ask.reference !== null) screen.say(`  about: ${ask.reference}`)
  }
  if (answer.asks.length === 0)
    screen.say(options.all ? 'No agent has asked anything.' : 'No agent asks anything.')
  else if (!options.all) screen.say(screen.paint('dim', 'Answer with: looper answer ID TEXT'))
  return EXIT.ok
}

/** `looper answer ID [TEXT|-]`: answers what an agent asks, once. Without a text it is read from stdin. */
export async function answer({ world, screen, client, words, options }: Context): Promise<number> {
  const [id = '', text = '-'] = words
  // What is typed may be in capitals, and no id is.
  const ask = id.toLowerCase()
  if (!/^[a-z0-9]{1,64}$/.test(ask))
    throw wrongUse(`"${id}" is not the id of a question`, '"looper asks" lists them.')
  const given = await readWord('answer', text, world)
  // A shell ends what it writes with a line end.
  const body = { answer: text === '-' ? given?.replace(/\r?\n$/, '') : given }
  const settled = await client.post<AskAnswer>(`/asks/${ask}/answer`, body, ['ask_id', 'answer'])
  if (options.json) await screen.json(settled)
  else screen.say(`Answered ${settled.ask_id}: ${settled.answer}`)
  return EXIT.ok
}

/** Where it stands, in a few words. */
function standing(
  { state, asked_at, deadline, default: otherwise, answer, answered_by }: AskAnswer,
  now: number,
): string {
  switch (state) {
    case 'open': {
      const since = `asked ${duration(now - Date.parse(asked_at))} ago`
      if (deadline === null) return since
      const then = otherwise === null ? '' : `, then: ${otherwise}`
      return `${since}, until in ${duration(Math.max(0, Date.parse(deadline) - now))}${then}`
    }
    case 'answered':
      return `answered${answered_by === null ? '' : ` by ${answered_by}`}: ${answer}`
    case 'expired':
      return answer === null ? 'expired' : `expired, the default counts: ${answer}`
    default:
      return state
  }
}
