import type { OneLoop } from '../../triggers/loop/schemas.ts'
import { duration } from '../human.ts'
import { shortTokens } from '../usage.ts'

/** A loop as the service tells it. */
export type LoopTold = OneLoop['loop']

/** Something that ends or pauses a loop when it is used up; how far it is, and in words. */
export interface Usage {
  readonly what: string
  /** Null: it is not limited. */
  readonly share: number | null
  readonly text: string
}

/** What a loop may use up, and how far it is since its start. */
export function usageOf({ limits, used, started_at: start, state }: LoopTold, now: number): Usage[] {
  const row = (what: string, spent: number, limit: number | null, say: (value: number) => string): Usage => ({
    what,
    share: limit === null ? null : spent / limit,
    text: limit === null ? say(spent) : `${say(spent)} of ${say(limit)}`,
  })
  const tokens = (count: number) => shortTokens({ tokens_used: count })
  const elapsed =
    // Nobody tells when it ended.
    start === null || state === 'ended'
      ? []
      : [row('time', (now - Date.parse(start)) / 1000, limits.seconds, (seconds) => duration(seconds * 1000))]
  return [
    row('rounds', used.iterations, limits.iterations, String),
    ...elapsed,
    row('tokens', used.tokens, limits.tokens, tokens),
    row('cost', used.cost_usd, limits.cost_usd, (usd) => `$${usd.toFixed(2)}`),
    row('unchanged', used.unchanged, limits.unchanged, String),
    row('failures', used.same_failures, limits.same_failures, String),
  ]
}

/** What will end or pause it first if it goes on like this, in a few words; empty where nothing is near, or it does nothing. */
export function nearestEnd(loop: LoopTold, now: number): string {
  if (loop.state === 'idle' || loop.state === 'ended') return ''
  const near = usageOf(loop, now).reduce<Usage | null>(
    (best, one) => ((one.share ?? 0) > (best?.share ?? 0) ? one : best),
    null,
  )
  return near === null ? '' : `${near.what}: ${near.text}`
}

/** The round that runs or ran last, of how many: `3 of 50`; empty before the first. */
export function roundOf({ iteration, limits }: LoopTold): string {
  if (iteration === 0) return ''
  return limits.iterations === null ? String(iteration) : `${iteration} of ${limits.iterations}`
}

/** What a loop does, in a line. */
export function standing(loop: LoopTold, now: number): string {
  const { name, state, wish, why, iteration, next_round_at: next } = loop
  const round = `round ${roundOf(loop)}`
  switch (state) {
    case 'idle':
      return `${name} was never started`
    case 'starting':
      return `${name} begins with its first round`
    case 'running':
      if (why !== null && wish === null) return `${name} waits to begin ${round}: ${why}`
      return `${name} is in ${round}${wish === null ? '' : `, and ${wish === 'pause' ? 'pauses' : 'ends'} with it`}`
    case 'waiting': {
      const due = next === null ? '' : `, due in ${duration(Date.parse(next) - now)}`
      return `${name} waits for round ${iteration + 1}${due}`
    }
    case 'paused':
      return `${name} is paused after ${iteration === 0 ? 'no round' : round}: ${why}`
    case 'ended':
      return `${name} has ended after ${iteration === 0 ? 'no round' : round}: ${why}`
  }
}
