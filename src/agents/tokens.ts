import type { AgentEvent } from './agent-events.ts'

/** What agents count of a step or a session. */
interface Counted {
  readonly of: 'step' | 'session'
  readonly input: number | null
  readonly cached: number | null
  readonly output: number | null
  readonly costUsd: number | null
}

/** A sum; null where a part of it is not known. */
export const sumOf = (amounts: readonly (number | null)[]): number | null =>
  amounts.reduce((sum, amount) => (sum === null || amount === null ? null : sum + amount), 0)

/** A usage with its total; nothing where nothing was used, as where the model was not reached. */
export function usageOf({ of, input, cached, output, costUsd }: Counted): AgentEvent[] {
  if ([input, cached, output, costUsd].every((amount) => amount === null || amount === 0)) return []
  return [{ kind: 'usage', of, input, cached, output, total: sumOf([input, output]), costUsd }]
}
