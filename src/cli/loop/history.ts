import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { duration } from '../human.ts'
import type { Style } from '../screen.ts'
import { type Cell, type Column, table } from '../table.ts'
import { costOf, shortTokens } from '../usage.ts'
import { newestRounds, type RoundTold } from './rounds.ts'

const DEFAULT_LIMIT = 20
const COLUMNS: readonly Column[] = [
  { title: 'ROUND' },
  { title: 'VERDICT' },
  { title: 'TOOK' },
  { title: 'TOKENS', dropRank: 2 },
  { title: 'COST', dropRank: 3 },
  { title: 'CHANGED', dropRank: 1 },
  { title: 'SAID', min: 16, cut: 'end' },
]

/** `looper loop history NAME`: its rounds, newest first. */
export async function history({ client, screen, options, world }: Context, name: string): Promise<number> {
  const rounds = await newestRounds(client, name, Number(options.limit ?? DEFAULT_LIMIT))
  if (options.json) {
    await screen.json({ rounds })
    return EXIT.ok
  }
  if (rounds.length === 0) {
    screen.tell(`looper: loop ${name} has had no rounds yet`)
    return EXIT.ok
  }
  const now = world.clock.now()
  const rows = rounds.map((round): Cell[] => {
    const { word, style } = verdictOf(round)
    return [
      { text: String(round.iteration) },
      { text: word, paint: (text) => screen.paint(style, text) },
      { text: duration(tookMs(round, now)) },
      { text: shortTokens({ tokens_used: round.tokens }) },
      { text: costOf(round) },
      { text: changedOf(round) },
      { text: saidIn(round) },
    ]
  })
  for (const line of table(COLUMNS, rows, screen.width)) screen.say(line)
  return EXIT.ok
}

/** A round that has ended, in a line. */
export function roundLine(round: RoundTold, now: number): string {
  const facts = [
    verdictOf(round).word,
    duration(tookMs(round, now)),
    `${shortTokens({ tokens_used: round.tokens })} tokens`,
    costOf(round),
    ...(round.changed === false ? ['nothing changed'] : []),
  ]
  return `Round ${round.iteration}: ${facts.join(', ')}: ${saidIn(round)}`
}

/** How a round ended, in a word. */
function verdictOf({ ended_at, error, verdict, gate }: RoundTold): { word: string; style: Style } {
  if (ended_at === null) return { word: 'running', style: 'cyan' }
  if (error !== null) return { word: 'failed', style: 'red' }
  if (gate === 'nothing_to_do') return { word: 'nothing to do', style: 'dim' }
  switch (verdict) {
    case null:
      return { word: 'done', style: 'green' }
    case 'verified':
      return { word: verdict, style: 'green' }
    case 'refuted':
    case 'unverified':
      return { word: verdict, style: 'yellow' }
  }
}

const tookMs = ({ started_at, ended_at }: RoundTold, now: number): number =>
  (ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at)

const changedOf = ({ changed }: RoundTold): string => (changed === null ? '' : changed ? 'yes' : 'no')

/** The first line of why it did not go well, or of what the agent said. */
function saidIn({ error, response, gate_output: gate }: RoundTold): string {
  return (error ?? response ?? gate ?? '').trim().split('\n', 1).join()
}
