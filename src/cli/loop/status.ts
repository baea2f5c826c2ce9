import type { LoopList, OneLoop } from '../../triggers/loop/schemas.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { duration, moment } from '../human.ts'
import type { Style } from '../screen.ts'
import { type Cell, type Column, table } from '../table.ts'
import { type LoopTold, nearestEnd, roundOf, usageOf } from './words.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'ROUND' },
  { title: 'NEAREST END', dropRank: 1 },
  { title: 'WHY', min: 16, cut: 'end', mayBeEmpty: true },
]
const LABEL_CELLS = 11
/** As much of what the agent said last. */
const OUTPUT_LINES = 20
const STYLES: Readonly<Record<LoopTold['state'], Style>> = {
  idle: 'dim',
  starting: 'cyan',
  running: 'cyan',
  waiting: 'cyan',
  paused: 'yellow',
  ended: 'green',
}

/** `looper loop status`: all loops, and how near the end of each is. */
export async function allLoops({ client, screen, options, world }: Context): Promise<number> {
  const answer = await client.get<LoopList>('/loops', ['loops'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  if (answer.loops.length === 0) {
    screen.say('There are no loops.')
    screen.say(screen.paint('dim', 'Make one with: looper loop new NAME --prompt TEXT'))
    return EXIT.ok
  }
  const now = world.clock.now()
  const rows = answer.loops.map((loop): Cell[] => [
    { text: loop.name },
    { text: stateOf(loop), paint: (text) => screen.paint(STYLES[loop.state], text) },
    { text: roundOf(loop) },
    { text: nearestEnd(loop, now) },
    { text: loop.why ?? '' },
  ])
  for (const line of table(COLUMNS, rows, screen.width)) screen.say(line)
  return EXIT.ok
}

/** `looper loop status NAME`: all about one loop. */
export async function oneLoop({ client, screen, options, world }: Context, name: string): Promise<number> {
  const answer = await client.get<OneLoop>(`/loops/${name}`, ['loop'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const { loop } = answer
  const { definition } = loop
  const { paint } = screen
  const now = world.clock.now()
  const row = (label: string, text: string | null | undefined) => {
    if (text) screen.say(`${paint('dim', label.padEnd(LABEL_CELLS))}${text}`)
  }
  screen.say(paint('bold', loop.name))
  row('state', paint(STYLES[loop.state], stateOf(loop)))
  row('why', loop.why)
  row('wish', loop.wish && `${loop.wish} after the round that runs`)
  row('started', ago(loop.started_at))
  row('next round', loop.next_round_at && `in ${duration(Date.parse(loop.next_round_at) - now)}`)
  for (const { what, text } of usageOf(loop, now)) row(what, text)
  row('slot', loop.slot)
  row('workspace', definition.workspace)
  row('agent', [definition.agent, definition.model].filter(Boolean).join(', '))
  row('session', definition.session)
  row('check', definition.verify)
  row('word', definition.completion_word)
  row('hint', loop.hint)
  const lines = loop.last_output === '' ? [] : loop.last_output.split('\n').slice(-OUTPUT_LINES)
  if (lines.length > 0) screen.say('')
  for (const line of lines) screen.say(`${paint('dim', '>')} ${line}`)
  return EXIT.ok

  function ago(at: string | null): string | null {
    return at && `${moment(at)}, ${duration(now - Date.parse(at))} ago`
  }
}

const stateOf = ({ state, cause }: LoopTold): string =>
  cause === null ? state : `${state}, ${cause.replaceAll('_', ' ')}`
