import type { AgentEvent } from '../agent-events.ts'
import { amountIn, countIn, type Fields, fieldsIn } from '../json-value.ts'
import { sumOf, usageOf } from '../tokens.ts'

/**
 * What was used since the last result. By model where that is told, subagents included; a result that follows an error has an
 * empty `usage` although a model was paid. `total_cost_usd` is the whole session's, so it is not read.
 */
export function usageIn({ usage, model_usage_since_last_result }: Fields): AgentEvent[] {
  const models = Object.values(fieldsIn(model_usage_since_last_result)).map(fieldsIn)
  if (models.length === 0) return answerUsage(usage)
  const sum = (field: string) => sumOf(models.map((model) => countIn(model[field])))
  return usageOf({
    of: 'step',
    input: sumOf([sum('inputTokens'), sum('cacheCreationInputTokens')]),
    cached: sum('cacheReadInputTokens'),
    output: sum('outputTokens'),
    costUsd: sumOf(models.map(({ costUSD }) => amountIn(costUSD))),
  })
}

/** What answers of the model used, as the `usage` beside them tells it. */
export function answerUsage(usage: unknown): AgentEvent[] {
  const used = fieldsIn(usage)
  return usageOf({
    of: 'step',
    input: sumOf([countIn(used.input_tokens), countIn(used.cache_creation_input_tokens) ?? 0]),
    cached: countIn(used.cache_read_input_tokens),
    output: countIn(used.output_tokens),
    costUsd: null,
  })
}
