import { grouped } from '../base/counted.ts'
import type { RunSummary } from '../runs/run-schemas.ts'

/** What a run used; a service that is older than this command tells less of it. */
export type Used = Partial<Pick<RunSummary, 'tokens_used' | 'usage' | 'cost_usd'>>

const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const CENT = 0.01

/** All tokens of a run, of a live one those so far; null where its agent does not tell. */
function tokensOf({ usage, tokens_used }: Used): number | null {
  return usage?.total ?? tokens_used ?? null
}

/** The tokens of a run in few characters: `950`, `81.2K`, `1.2M`; empty where they are not known. */
export function shortTokens(used: Used): string {
  const tokens = tokensOf(used)
  return tokens === null ? '' : COMPACT.format(tokens)
}

/** The cost of a run: `$1.50`, `<$0.01`; empty where it is not known. */
export function costOf({ cost_usd: usd = null }: Used): string {
  if (usd === null) return ''
  return usd > 0 && usd < CENT ? '<$0.01' : `$${usd.toFixed(2)}`
}

/** Tokens, of which kinds, and cost, as far as they are known: `1,050 tokens (input 950, cached 800, output 100), $0.02`. */
export function usedText(used: Used): string {
  const tokens = tokensOf(used)
  const { input = null, cached = null, output = null } = used.usage ?? {}
  const kinds = Object.entries({ input, cached, output }).flatMap(([kind, count]) =>
    count === null ? [] : [`${kind} ${grouped(count)}`],
  )
  const which = kinds.length > 0 ? ` (${kinds.join(', ')})` : ''
  return [tokens === null ? '' : `${grouped(tokens)} tokens${which}`, costOf(used)].filter(Boolean).join(', ')
}
