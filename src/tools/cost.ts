import { tokensOf } from '../agents/said.ts'
import { Type } from '../base/schema.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Budget, Spent } from '../runs/budget/budget.ts'
import type { Runs } from '../runs/runs.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface CostDeps {
  readonly runs: { readonly days: Pick<Runs['days'], 'today'> }
}

/** Tells the agent what its run has used, and all runs of today. */
export const costTool = ({ runs }: CostDeps): Tool =>
  tool({
    name: 'cost',
    description:
      'What this run and all runs of today have used so far, as metered, and what is left of their budgets. null: not known, or no limit.',
    input: Type.Object({}, { additionalProperties: false }),
    isReadOnly: true,
    async call(_args, run) {
      const { day, cap, tokens, costUsd } = runs.days.today()
      // Of a day so much is known at least; nothing known is no nothing.
      const spent = { tokens: tokens || null, costUsd: costUsd || null }
      return { run: partOf(spentBy(run), run.budget), today: { day, ...partOf(spent, cap) } }
    },
  })

const spentBy = ({ usage, costUsd }: RunRecord): Spent => ({ tokens: usage && tokensOf(usage), costUsd })

const partOf = ({ tokens, costUsd }: Spent, { maxTokens, maxCostUsd }: Budget) => ({
  tokens_used: tokens,
  max_tokens: maxTokens || null,
  tokens_left: leftOf(maxTokens, tokens),
  cost_usd: costUsd,
  max_cost_usd: maxCostUsd || null,
  cost_usd_left: leftOf(maxCostUsd, costUsd),
})

/** Null: there is no limit, or nobody knows. */
const leftOf = (most: number, used: number | null) =>
  most === 0 || used === null ? null : Math.max(0, most - used)
