import type { AgentEvent } from '../../agents/agent-events.ts'
import { type Said, tokensOf, usedBy } from '../../agents/said.ts'
import { grouped } from '../../base/counted.ts'
import type { Ending, RunEnd } from '../outcome.ts'

/** What a run may use, or all runs of a day. 0: no limit. */
export interface Budget {
  /** Fresh input and output; what is read from a cache does not count. */
  readonly maxTokens: number
  /** US dollars. */
  readonly maxCostUsd: number
}

/** What was used of it; null: it is not known. */
export interface Spent {
  readonly tokens: number | null
  readonly costUsd: number | null
}

/** No limit. */
export const NO_BUDGET: Budget = { maxTokens: 0, maxCostUsd: 0 }

/** More tokens than any run can use, so that no sum of them loses a digit. */
export const MOST_TOKENS = 1e15
/** More than anybody can mean, in US dollars. */
export const MOST_USD = 1e9

/** Whether there is any limit in it. */
export const isLimited = ({ maxTokens, maxCostUsd }: Budget): boolean => maxTokens > 0 || maxCostUsd > 0

/** What a run has used at least: what is known of each step, whatever others do not tell. */
export interface Least {
  readonly tokens: number
  readonly costUsd: number
}

/** Before the first step. */
export const NOTHING_USED: Least = { tokens: 0, costUsd: 0 }

/** The same with a further event. */
export function withEvent(least: Least, event: AgentEvent): Least {
  if (event.kind !== 'usage' || event.of !== 'step') return least
  return { tokens: least.tokens + tokensOf(event), costUsd: least.costUsd + (event.costUsd ?? 0) }
}

/** What a run has used so far. */
export function spentBy(so: Said, least: Least = NOTHING_USED): Spent {
  const usage = usedBy(so)
  return {
    tokens: usage && Math.max(tokensOf(usage), least.tokens),
    costUsd: so.costUsd ?? (least.costUsd || null),
  }
}

/** What of a budget is used up, in words; null: nothing is. */
export function usedUp({ tokens, costUsd }: Spent, { maxTokens, maxCostUsd }: Budget): string | null {
  if (maxTokens > 0 && tokens !== null && tokens >= maxTokens)
    return `${grouped(tokens)} of ${grouped(maxTokens)} tokens`
  if (maxCostUsd > 0 && costUsd !== null && costUsd >= maxCostUsd)
    return `${usd(costUsd)} of ${usd(maxCostUsd)}`
  return null
}

/** People are told when so much of a budget is used. */
const NEAR = 0.8

/** Whether most of a budget is used. */
export const isNear = ({ tokens, costUsd }: Spent, { maxTokens, maxCostUsd }: Budget): boolean =>
  usedUp({ tokens, costUsd }, { maxTokens: maxTokens * NEAR, maxCostUsd: maxCostUsd * NEAR }) !== null

/** Why a run has to be stopped for what it used; null: it may go on. */
export function overBudget(so: Said, budget: Budget, least?: Least): Ending | null {
  const used = usedUp(spentBy(so, least), budget)
  if (used !== null) return over(`it used ${used}`, MORE)
  // Nobody could say when it is over: a limit that is never met is none.
  if (budget.maxCostUsd > 0 && so.usage !== null && so.costUsd === null)
    return over('its agent does not tell what its model costs, so max_cost_usd cannot be kept', UNPRICED)
  return null
}

/** The end of a run that was over its budget before anybody stopped it, for that reason; else as it was. */
export function withBudget(end: RunEnd, over: Ending | null): RunEnd {
  if (over === null || (end.outcome !== 'exited' && end.outcome !== 'signaled')) return end
  return { ...over, returnCode: end.returnCode }
}

/** Why a run is over its budget that has ended, its agent having stopped it for that, too; null: it is not. */
export function overAtEnd(so: Said, budget: Budget, least?: Least): Ending | null {
  if (!isLimited(budget)) return null
  const byItself = so.errorKind === 'budget' ? over('its agent stopped at its budget', MORE) : null
  return overBudget(so, budget, least) ?? byItself
}

const over = (cause: string, remedy: string): Ending => ({ outcome: 'over_budget', cause, remedy })

const MORE =
  'Resume it with a larger budget: max_tokens or LOOPER_RUN_MAX_TOKENS, max_cost_usd or LOOPER_RUN_MAX_COST_USD.'
const UNPRICED = 'Use max_tokens, or give the model a price in the settings of its agent.'

const CENT_USD = 0.01

/** US dollars for people: cents, or as many digits as small sums need. */
export const usd = (dollars: number): string =>
  dollars === 0 || dollars >= CENT_USD ? `$${dollars.toFixed(2)}` : `$${dollars.toPrecision(2)}`
