import type { AgentError, ErrorKind } from './agent-events.ts'
import { bounded, MOST } from './bounded.ts'
import { timeIn } from './json-value.ts'

/** What is looked at of an error's words; they may have no end. */
const LOOKED_AT = 1000
const STATUS = /\bstatus(?: code)?:? (\d{3})\b/

/** What its words mean; the first that fits counts. Seen with, or read in, three agents of 2026. */
const WORDS: readonly (readonly [kind: ErrorKind, words: RegExp])[] = [
  [
    'context_full',
    /context (window|length|limit)|context_length_exceeded|prompt is too long|input is too long|ran out of room/i,
  ],
  [
    'quota',
    /(usage|session|spend|spending|rate|credit) (limit|cap)|hit your ([\w.]+ ){0,3}limit|limit reached|rate_limit|out of [\w ]{0,20}(credits|usage)|quota|credit balance|usage exceeded|\b429\b/i,
  ],
  [
    'auth',
    /not logged in|\/login\b|sign in again|authentication|unauthorized|missing bearer|invalid (api |x-api-)?key|invalid_api_key|api key|refresh token|\b401\b/i,
  ],
  [
    'refused',
    /rejected permission|permission denied by|not inside a trusted directory|usage polic|content (policy|filter)|safety (system|polic)|refus(ed to|al)|flagged/i,
  ],
  [
    'network',
    /unable to connect|cannot connect|connection (refused|reset|failed|error|closed)|econn|enotfound|etimedout|eai_again|dns|lookup address|waiting for network|error sending request|certificate|stream disconnected|timed? ?out|overloaded|high demand|at capacity|unavailable|internal server error|\b50\d\b/i,
  ],
  ['crashed', /panicked at|segmentation fault|out of memory|core dumped|uncaught exception/i],
]

/** What an error means, by the status of the model's server, where that is known, and by its words. */
export function errorKindOf(text: string, status: number | null = null): ErrorKind {
  const looked = text.slice(0, LOOKED_AT)
  const kind = kindOfStatus(status ?? Number(STATUS.exec(looked)?.[1] ?? 0))
  return kind ?? WORDS.find(([, words]) => words.test(looked))?.[0] ?? 'other'
}

function kindOfStatus(status: number): ErrorKind | null {
  if (status === 401 || status === 403) return 'auth'
  if (status === 402 || status === 429) return 'quota'
  if (status === 413) return 'context_full'
  return status === 408 || status >= 500 ? 'network' : null
}

/** An error that ends a run, in the agent's words. */
export function finalError(
  text: string,
  status: number | null = null,
  until: number | null = null,
): AgentError {
  return {
    kind: 'error',
    error: errorKindOf(text, status),
    text: bounded(text, MOST.error),
    retrying: false,
    until: timeIn(until),
  }
}

/** An error after which the agent tries again by itself. */
export const retryError = (text: string, status: number | null = null): AgentError => ({
  ...finalError(text, status),
  retrying: true,
})
