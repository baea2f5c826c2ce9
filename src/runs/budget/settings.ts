import { integer, number, setting, type ValuesOf } from '../../settings/form.ts'
import { type Budget, MOST_TOKENS, MOST_USD } from './budget.ts'

const tokens = () => integer(0, MOST_TOKENS, `a whole number of tokens, 0 to ${MOST_TOKENS}`)
const dollars = () => number(0, MOST_USD, `a number of US dollars, 0 to ${MOST_USD}`)

/** The settings of what runs may use. */
export const budgetForms = {
  LOOPER_RUN_MAX_TOKENS: setting(
    tokens(),
    '`0`',
    'stop a run when it has used so many tokens, fresh input and output; 0: no limit. It holds for agents that tell their tokens',
  ),
  LOOPER_RUN_MAX_COST_USD: setting(
    dollars(),
    '`0`',
    'stop a run when its models have cost so many US dollars; 0: no limit. Runs of agents that do not tell what they cost are refused, unless the request says `max_cost_usd` 0',
  ),
  LOOPER_DAY_MAX_TOKENS: setting(
    tokens(),
    '`0`',
    'launch nothing more, and stop what runs, when all runs of a day have used so many tokens; the day is that of the time zone of the host; 0: no limit',
  ),
  LOOPER_DAY_MAX_COST_USD: setting(
    dollars(),
    '`0`',
    'the same when they have cost so many US dollars; 0: no limit. Runs of agents that do not tell what they cost are refused',
  ),
}

/** What all runs of a day may use by them. */
export const dayBudgetOf = (values: ValuesOf<typeof budgetForms>): Budget => ({
  maxTokens: values.LOOPER_DAY_MAX_TOKENS ?? 0,
  maxCostUsd: values.LOOPER_DAY_MAX_COST_USD ?? 0,
})

/** What a run may use by them, where nobody says so. */
export const runBudgetOf = (values: ValuesOf<typeof budgetForms>): Budget => ({
  maxTokens: values.LOOPER_RUN_MAX_TOKENS ?? 0,
  maxCostUsd: values.LOOPER_RUN_MAX_COST_USD ?? 0,
})
