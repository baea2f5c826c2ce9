import type { OneLoop } from '../../triggers/loop/schemas.ts'
import type { Context } from '../context.ts'
import { EXIT, wrongUse } from '../failure.ts'
import { LOOP_ACTIONS, type LoopAction } from '../loop-commands.ts'
import { OPTION_NAMES, type OptionName } from '../options.ts'
import { readWord } from '../text-source.ts'
import { changeLoop, newLoop } from './definition.ts'
import { history } from './history.ts'
import { memory } from './memory.ts'
import { removeLoop } from './remove.ts'
import { restore } from './restore.ts'
import { startLoop } from './start.ts'
import { allLoops, oneLoop } from './status.ts'
import { stopLoop } from './stop.ts'
import { standing } from './words.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,57}$/
/** Those that belong to one action; all others of its own say what a loop is. */
const OPTIONS_OF: Partial<Readonly<Record<OptionName, readonly LoopAction[]>>> = {
  follow: ['start'],
  yes: ['stop', 'restore', 'rm'],
  limit: ['history'],
  set: ['memory'],
  versions: ['memory'],
  restore: ['memory'],
  url: LOOP_ACTIONS,
  json: LOOP_ACTIONS,
}
const DEFINING: readonly LoopAction[] = ['new', 'set']
const WITH_TEXT: readonly LoopAction[] = ['new', 'set', 'hint', 'memory', 'restore']

/** `looper loop ACTION NAME`: all about loops. */
export async function loop(context: Context): Promise<number> {
  const [, given, text] = context.words
  const action = LOOP_ACTIONS.find((one) => one === context.words[0]) ?? 'status'
  for (const option of OPTION_NAMES) {
    const where = OPTIONS_OF[option] ?? DEFINING
    if (context.options[option] === undefined || where.includes(action)) continue
    throw wrongUse(`--${option} only works with ${where.map((one) => `"looper loop ${one}"`).join(' and ')}`)
  }
  if (text !== undefined && !WITH_TEXT.includes(action)) throw wrongUse(`usage: looper loop ${action} NAME`)
  if (given === undefined && action === 'status') return allLoops(context)
  if (given === undefined)
    throw wrongUse('which loop?', `looper loop ${action} NAME; "looper loop" lists them.`)
  if (!NAME.test(given))
    throw wrongUse(
      `"${given}" cannot be the name of a loop`,
      'NAME is up to 58 small letters, digits and hyphens.',
    )
  switch (action) {
    case 'new':
      return newLoop(context, given, text)
    case 'set':
      return changeLoop(context, given, text)
    case 'start':
      return startLoop(context, given)
    case 'stop':
      return stopLoop(context, given)
    case 'pause':
    case 'resume':
    case 'skip':
      return act(context, given, action)
    case 'status':
      return oneLoop(context, given)
    case 'hint':
      return hint(context, given, text)
    case 'history':
      return history(context, given)
    case 'rm':
      return removeLoop(context, given)
    case 'memory':
      return memory(context, given, text)
    case 'restore':
      return restore(context, given, text)
  }
}

async function act(
  { client, screen, options, world }: Context,
  name: string,
  action: 'pause' | 'resume' | 'skip',
): Promise<number> {
  const answer = await client.post<OneLoop>(`/loops/${name}/${action}`, {}, ['loop'])
  if (options.json) await screen.json(answer)
  else screen.say(standing(answer.loop, world.clock.now()))
  return EXIT.ok
}

/** Tells something to the next round alone. */
async function hint(context: Context, name: string, word: string | undefined): Promise<number> {
  const { client, screen, options, world } = context
  const given = await readWord('hint', word, world)
  if (given === undefined)
    throw wrongUse('what is the next round to be told?', 'looper loop hint NAME "TEXT", or - for stdin.')
  // A shell ends what it writes with a line end.
  const body = { hint: word === '-' ? given.replace(/\r?\n$/, '') : given }
  const answer = await client.post<OneLoop>(`/loops/${name}/hint`, body, ['loop'])
  if (options.json) await screen.json(answer)
  else if (answer.loop.hint === '') screen.say(`The next round of ${name} is told nothing`)
  else screen.say(`The next round of ${name} is told: ${answer.loop.hint}`)
  return EXIT.ok
}
