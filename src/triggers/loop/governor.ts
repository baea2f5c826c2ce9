import { createHash } from 'node:crypto'
import { lengthOf } from '../../base/length-of.ts'
import type { Verdict } from '../../runs/verify/verdict.ts'
import { saysCompleted } from './completion.ts'

/** What ends a loop. Null: unlimited. */
export interface Limits {
  /** Rounds. */
  readonly iterations: number | null
  /** Since the start of the loop. */
  readonly timeMs: number | null
  readonly tokens: number | null
  readonly costUsd: number | null
  /** So many rounds in a row that change nothing. */
  readonly noChange: number | null
  /** The same failure so many times in a row. */
  readonly sameFailure: number | null
}

/** Of whoever sets none: never without an end. */
export const DEFAULT_LIMITS: Limits = {
  iterations: 50,
  timeMs: 86_400_000,
  tokens: null,
  costUsd: null,
  noChange: 5,
  sameFailure: 3,
}

/** Why a loop ends. */
export const END_CAUSES = [
  'verified',
  'completed',
  'iterations',
  'time',
  'tokens',
  'cost',
  'stopped',
] as const
/** Why a loop pauses; of `quota` and `disk` it goes on by itself. */
export const PAUSE_CAUSES = ['no_change', 'same_failure', 'quota', 'disk', 'asked'] as const
/** Why a loop ends. */
export type EndCause = (typeof END_CAUSES)[number]
/** Why a loop pauses. */
export type PauseCause = (typeof PAUSE_CAUSES)[number]

/** What becomes of a loop. */
export type Decision =
  | { readonly kind: 'go_on' }
  | { readonly kind: 'end'; readonly cause: EndCause; readonly why: string }
  | { readonly kind: 'pause'; readonly cause: PauseCause; readonly why: string }

/** What the rounds of a loop came to since its start. */
export interface Tally {
  readonly iterations: number
  readonly tokens: number
  readonly costUsd: number
  /** Rounds in a row, up to the last one, that changed nothing. */
  readonly unchanged: number
  /** How often in a row, up to the last round, the same failure came. */
  readonly sameFailures: number
  /** That failure, without what differs from time to time; null: the last round went well. */
  readonly failure: string | null
  /** What the agent said in the latest rounds, the newest last, each as a few digits that stand for it. */
  readonly replies: readonly string[]
}

/** Before the first round. */
export const NO_ROUNDS: Tally = {
  iterations: 0,
  tokens: 0,
  costUsd: 0,
  unchanged: 0,
  sameFailures: 0,
  failure: null,
  replies: [],
}

/** What is known of a round that has ended by itself. */
export interface RoundFacts {
  /** What the agent said last. */
  readonly reply: string
  /** Null: nothing checks it. */
  readonly verdict: Verdict | null
  /** Why the run failed, in a sentence; null: it went well. */
  readonly failure: string | null
  /** Whether it was the agent's usage limit that it failed of; such a round counts as no failure. */
  readonly isQuota: boolean
  /** Whether the work tree or the plan changed; null where nobody can tell: then a reply is a change that was not given lately. */
  readonly isChanged: boolean | null
  readonly tokens: number
  readonly costUsd: number
}

/** What is known before a round. */
export interface Moment {
  /** Since the start of the loop. */
  readonly elapsedMs: number
  /** Why the agent's runs are held, in a sentence; null: they are not. */
  readonly held: string | null
  /** Why nothing can be written, in a sentence; null: there is room. */
  readonly diskFull: string | null
}

const GO_ON: Decision = { kind: 'go_on' }
const end = (cause: EndCause, why: string): Decision => ({ kind: 'end', cause, why })
const pause = (cause: PauseCause, why: string): Decision => ({ kind: 'pause', cause, why })

/** The tally with one more round. Pure. */
export function counted(tally: Tally, facts: RoundFacts): Tally {
  const failure = facts.failure === null || facts.isQuota ? null : withoutDetails(facts.failure)
  const reply = digits(facts.reply)
  const isChanged = facts.isChanged ?? !tally.replies.includes(reply)
  return {
    iterations: tally.iterations + 1,
    tokens: tally.tokens + facts.tokens,
    costUsd: tally.costUsd + facts.costUsd,
    unchanged: isChanged || facts.isQuota ? 0 : tally.unchanged + 1,
    sameFailures: failure === null ? 0 : failure === tally.failure ? tally.sameFailures + 1 : 1,
    failure,
    replies: [...tally.replies, reply].slice(-MOST_REPLIES),
  }
}

/** The tally of a loop that somebody lets go on after a pause: what it was paused for is counted anew. Pure. */
export const resumed = (tally: Tally): Tally => ({ ...tally, unchanged: 0, sameFailures: 0 })

/**
 * What becomes of a loop after a round. That its work is done goes before every limit, so that it counts in the last round,
 * too. Pure.
 * @param tally with this round @param word the completion word; null: there is none
 */
export function afterRound(
  limits: Limits,
  tally: Tally,
  {
    facts,
    word,
    moment,
  }: { readonly facts: RoundFacts; readonly word: string | null; readonly moment: Moment },
): Decision {
  if (facts.verdict === 'verified') return end('verified', 'the check passed')
  const isWell = facts.failure === null && facts.verdict !== 'refuted'
  if (isWell && word !== null && saysCompleted(facts.reply, word))
    return end('completed', 'the agent said the completion word')
  if (facts.isQuota) return usedUp(limits, tally, moment) ?? pause('quota', String(facts.failure))
  if (isReached(limits.sameFailure, tally.sameFailures))
    return pause(
      'same_failure',
      `the same failure came ${tally.sameFailures} times in a row: ${facts.failure}`,
    )
  if (isReached(limits.noChange, tally.unchanged))
    return pause('no_change', `${rounds(tally.unchanged)} in a row changed nothing`)
  return usedUp(limits, tally, moment) ?? GO_ON
}

/** Whether a loop may begin a round now. Pure. */
export function beforeRound(limits: Limits, tally: Tally, moment: Moment): Decision {
  const over = usedUp(limits, tally, moment)
  if (over !== null) return over
  if (moment.diskFull !== null) return pause('disk', moment.diskFull)
  if (moment.held !== null) return pause('quota', moment.held)
  return GO_ON
}

function usedUp(limits: Limits, tally: Tally, { elapsedMs }: Moment): Decision | null {
  if (isReached(limits.iterations, tally.iterations))
    return end('iterations', `${rounds(tally.iterations)} ${tally.iterations === 1 ? 'is' : 'are'} done`)
  if (isReached(limits.timeMs, elapsedMs)) return end('time', `it has lasted ${lengthOf(elapsedMs)}`)
  if (isReached(limits.tokens, tally.tokens)) return end('tokens', `${tally.tokens} tokens are used`)
  if (isReached(limits.costUsd, tally.costUsd))
    return end('cost', `${tally.costUsd.toFixed(2)} US dollars are spent`)
  return null
}

const rounds = (count: number): string => (count === 1 ? '1 round' : `${count} rounds`)
const isReached = (limit: number | null, value: number): boolean => limit !== null && value >= limit

/** An agent that talks in circles of more rounds than that is ended by another limit. */
const MOST_REPLIES = 10
const digits = (text: string) => createHash('sha256').update(text.trim()).digest('hex').slice(0, 16)

const LONGEST = 2000
/** A failure without times, numbers and ids, so that it can be compared with another one. */
const withoutDetails = (text: string): string =>
  text
    .slice(0, LONGEST)
    .split(/\s+/)
    .filter((word) => !/\d/.test(word))
    .join(' ')
