import { Type } from '../../base/schema.ts'
import { MOST_TOKENS, MOST_USD } from './budget.ts'

const wish = (
  number: ReturnType<typeof Type.Number | typeof Type.Integer>,
  pattern: string,
  description: string,
) => Type.Optional(Type.Union([number, Type.String({ pattern }), Type.Null()], { description }))

/** What a request may say of its budget; old wrappers send numbers as texts. */
export const BUDGET_BODY = {
  max_tokens: wish(
    Type.Integer({ minimum: 0, maximum: MOST_TOKENS }),
    '^\\s*\\d+\\s*$',
    'Stop the run when it has used so many tokens, fresh input and output; 0: no limit.',
  ),
  max_cost_usd: wish(
    Type.Number({ minimum: 0, maximum: MOST_USD }),
    '^\\s*\\d+(\\.\\d+)?\\s*$',
    'Stop the run when its models have cost so many US dollars; 0: no limit.',
  ),
}

/** What a run tells of its budget. */
export const BUDGET_SUMMARY = {
  max_tokens: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The tokens that the run may use; null: no limit.',
  }),
  max_cost_usd: Type.Union([Type.Number(), Type.Null()], {
    description: 'What the run may cost in US dollars; null: no limit.',
  }),
}

/** The same of a budget. */
export const budgetAnswer = ({ maxTokens, maxCostUsd }: { maxTokens: number; maxCostUsd: number }) => ({
  max_tokens: maxTokens || null,
  max_cost_usd: maxCostUsd || null,
})
