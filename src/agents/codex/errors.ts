import type { AgentEvent } from '../agent-events.ts'
import { finalError, retryError } from '../error-kind.ts'

/** Tells errors in codex's own words; the last one of a run comes twice. */
export function errorsOnce(): (words: string | null) => AgentEvent[] {
  let told: string | null = null
  return (words) => {
    if (words === null || words === told) return []
    told = words
    return [/^Reconnecting\b/.test(words) ? retryError(words) : finalError(words)]
  }
}
