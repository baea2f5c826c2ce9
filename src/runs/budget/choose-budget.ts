import type { Agent } from '../../agents/agent.ts'
import { LooperError } from '../../base/errors.ts'
import { type Budget, MOST_TOKENS, MOST_USD, NO_BUDGET } from './budget.ts'

/** What a request says of its budget; null where it says nothing. */
export type BudgetWish = Readonly<Record<keyof Budget, number | null>>

/** Nothing was said. */
export const NO_BUDGET_WISH: BudgetWish = { maxTokens: null, maxCostUsd: null }

/** The budgets of the settings. */
export interface DefaultBudgets {
  /** Of a run, where nobody says so; left out: no limit. */
  readonly budget?: Budget | null
  /** Of all runs of a day; left out: no limit. */
  readonly dayBudget?: Budget
}

/**
 * The budget of a run: what its request says, else that of the settings. Of tokens the settings limit only agents that tell
 * them.
 * @throws {LooperError} `LOOPER_BUDGET_UNKNOWN` where there is a limit that nobody could keep
 */
export function chooseBudget(
  wish: BudgetWish,
  { name, tells }: Pick<Agent, 'name' | 'tells'>,
  { budget, dayBudget = NO_BUDGET }: DefaultBudgets = {},
): Budget {
  if (wish.maxTokens && !tells.tokens)
    throw unknown(`${name} does not tell the tokens that it uses, so 'max_tokens' cannot be kept`)
  if (wish.maxCostUsd && !tells.cost)
    throw unknown(`${name} does not tell what it costs, so 'max_cost_usd' cannot be kept; use 'max_tokens'`)
  const byDefault = budget ?? NO_BUDGET
  const maxCostUsd = wish.maxCostUsd ?? byDefault.maxCostUsd
  if (!tells.cost) {
    const mute = `${name} does not tell what it costs`
    if (maxCostUsd > 0)
      throw unknown(`${mute}, so LOOPER_RUN_MAX_COST_USD cannot be kept; 'max_cost_usd': 0 asks for no limit`)
    if (dayBudget.maxCostUsd > 0) throw unknown(`${mute}, so LOOPER_DAY_MAX_COST_USD cannot be kept`)
  }
  return {
    maxTokens: wish.maxTokens ?? (tells.tokens ? byDefault.maxTokens : 0),
    maxCostUsd,
  }
}

const unknown = (what: string) => new LooperError('LOOPER_BUDGET_UNKNOWN', what)

/** What a request says of it, numbers as texts allowed. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export const budgetWish = (body: {
  readonly max_tokens?: unknown
  readonly max_cost_usd?: unknown
}): BudgetWish => ({
  maxTokens: amountOf(body.max_tokens, 'max_tokens', MOST_TOKENS),
  maxCostUsd: amountOf(body.max_cost_usd, 'max_cost_usd', MOST_USD),
})

/** The schema bounds numbers, and what texts look like; their size is bounded here. */
function amountOf(given: unknown, name: string, most: number): number | null {
  if (given === null || given === undefined) return null
  const amount = Number(given)
  if (amount <= most) return amount
  throw new LooperError('LOOPER_FIELD_INVALID', `'${name}' must be <= ${most}`)
}
