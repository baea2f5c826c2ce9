import t from 'tap'
import { NOTHING_SAID, type Said } from '../../../src/agents/said.ts'
import {
  NO_BUDGET,
  NOTHING_USED,
  overAtEnd,
  overBudget,
  spentBy,
  usd,
  withBudget,
  withEvent,
} from '../../../src/runs/budget/budget.ts'
import { budgetWish, chooseBudget, NO_BUDGET_WISH } from '../../../src/runs/budget/choose-budget.ts'

const used = (total: number | null, costUsd: number | null = null): Said => ({
  ...NOTHING_SAID,
  usage: { input: 10, cached: 1000, output: null, total },
  costUsd,
})
const TOKENS = { maxTokens: 1000, maxCostUsd: 0 }
const DOLLARS = { maxTokens: 0, maxCostUsd: 0.5 }
const BOTH = { maxTokens: 1000, maxCostUsd: 0.5 }

t.test('a budget is used up when its last token or cent is', async (t) => {
  t.equal(overBudget(used(999), TOKENS), null)
  t.match(overBudget(used(1000), TOKENS), {
    outcome: 'over_budget',
    cause: 'it used 1,000 of 1,000 tokens',
    remedy: /max_tokens or LOOPER_RUN_MAX_TOKENS/,
  })
  t.match(overBudget(used(1, 0.5), DOLLARS), { cause: 'it used $0.50 of $0.50' })
  t.equal(overBudget(used(1, 0.4999), DOLLARS), null)
  t.match(overBudget(used(2000, 0.1), BOTH), { cause: /tokens/ })
  t.match(overBudget(used(2, 1), BOTH), { cause: /\$1\.00/ })
  t.equal(overBudget(used(1e12, 1e12), NO_BUDGET), null)
  t.equal(overBudget(NOTHING_SAID, BOTH), null, 'nothing is known yet')
})

t.test('tokens without a sum are added as far as they are known, those from a cache not', async (t) => {
  t.same(spentBy(used(null)), { tokens: 10, costUsd: null })
  t.same(spentBy(NOTHING_SAID), { tokens: null, costUsd: null })
})

t.test('a limit that nobody can keep is none: a run that does not tell its cost is stopped', async (t) => {
  t.match(overBudget(used(1), DOLLARS), {
    outcome: 'over_budget',
    cause: /does not tell what its model costs/,
  })
  const noted = { ...NOTHING_SAID, noted: { input: 1, cached: null, output: 1, total: 2 } }
  t.equal(overBudget(noted, DOLLARS), null, 'its files never do')
})

t.test('who used all of it before anybody stopped it is over it, too', async (t) => {
  const exited = { outcome: 'exited', returnCode: 0, cause: null } as const
  const over = (so: Said, budget = TOKENS) => overAtEnd(so, budget)
  t.match(withBudget(exited, over(used(1001))), { outcome: 'over_budget', returnCode: 0 })
  t.equal(withBudget(exited, over(used(999))), exited)
  t.equal(withBudget(exited, over(used(1e9), NO_BUDGET)), exited)
  const killed = { outcome: 'signaled', returnCode: -2, cause: 'ended by signal 2' } as const
  t.match(withBudget(killed, over(used(1001))), { outcome: 'over_budget', returnCode: -2 })
  const stopped = { outcome: 'stopped', returnCode: 0, cause: 'x' } as const
  t.equal(withBudget(stopped, over(used(1001))), stopped)
  const byItself: Said = { ...used(1, 0.4), errorKind: 'budget', errorText: 'Reached' }
  const failed = { ...exited, returnCode: 1 }
  t.match(withBudget(failed, over(byItself, DOLLARS)), {
    cause: 'its agent stopped at its budget',
    returnCode: 1,
  })
  t.equal(withBudget(failed, over(byItself, NO_BUDGET)), failed, 'of a budget that is not ours')
})

t.test('a run has the budget of its request, else that of the settings', async (t) => {
  const all = { name: 'one', tells: { tokens: true, cost: true } }
  const none = { name: 'two', tells: { tokens: false, cost: false } }
  t.same(chooseBudget(NO_BUDGET_WISH, all), NO_BUDGET)
  t.same(chooseBudget(NO_BUDGET_WISH, all, { budget: BOTH }), BOTH)
  t.same(chooseBudget({ maxTokens: 0, maxCostUsd: 2 }, all, { budget: BOTH }), {
    maxTokens: 0,
    maxCostUsd: 2,
  })
  t.same(
    chooseBudget({ maxTokens: null, maxCostUsd: 0 }, none, { budget: BOTH }),
    NO_BUDGET,
    'of tokens, where it can be kept',
  )
  t.throws(() => chooseBudget(NO_BUDGET_WISH, none, { budget: BOTH }), {
    code: 'LOOPER_BUDGET_UNKNOWN',
    message:
      /^two does not tell what it costs, so LOOPER_RUN_MAX_COST_USD cannot be kept; 'max_cost_usd': 0 /,
  })
  t.throws(() => chooseBudget({ maxTokens: null, maxCostUsd: 0 }, none, { dayBudget: BOTH }), {
    code: 'LOOPER_BUDGET_UNKNOWN',
    message: 'two does not tell what it costs, so LOOPER_DAY_MAX_COST_USD cannot be kept',
  })
  t.same(chooseBudget(NO_BUDGET_WISH, all, { dayBudget: BOTH }), NO_BUDGET)
  t.same(chooseBudget({ maxTokens: 0, maxCostUsd: 0 }, none), NO_BUDGET)
  const refused = { code: 'LOOPER_BUDGET_UNKNOWN' }
  t.throws(() => chooseBudget({ maxTokens: 1, maxCostUsd: null }, none), {
    ...refused,
    message: /'max_tokens'/,
  })
  t.throws(() => chooseBudget({ maxTokens: null, maxCostUsd: 0.1 }, none), {
    ...refused,
    message: "two does not tell what it costs, so 'max_cost_usd' cannot be kept; use 'max_tokens'",
  })
})

t.test('numbers may be texts, and have bounds', async (t) => {
  t.same(budgetWish({ max_tokens: ' 12 ', max_cost_usd: '0.5' }), { maxTokens: 12, maxCostUsd: 0.5 })
  t.same(budgetWish({ max_tokens: null }), NO_BUDGET_WISH)
  t.throws(() => budgetWish({ max_tokens: '9'.repeat(20) }), { code: 'LOOPER_FIELD_INVALID' })
  t.throws(() => budgetWish({ max_cost_usd: '9'.repeat(400) }), { message: /'max_cost_usd' must be <= / })
})

t.test('a step that does not tell all hides nothing of the others', async (t) => {
  const step = { kind: 'usage', of: 'step', input: 600, cached: null, output: null, total: null } as const
  const first = withEvent(NOTHING_USED, { ...step, costUsd: 0.3 })
  const least = withEvent(withEvent(first, { ...step, costUsd: null }), { kind: 'turn' })
  t.same(withEvent(least, { ...step, of: 'session', costUsd: null }), { tokens: 1200, costUsd: 0.3 })
  const unknown = { ...NOTHING_SAID, usage: { input: null, cached: null, output: null, total: null } }
  t.same(spentBy(unknown, least), { tokens: 1200, costUsd: 0.3 })
  t.match(overBudget(unknown, TOKENS, least), { cause: 'it used 1,200 of 1,000 tokens' })
})

t.test('amounts are written for people', async (t) => {
  t.same([0, 1.5, 0.01, 0.0001234].map(usd), ['$0.00', '$1.50', '$0.01', '$0.00012'])
})
