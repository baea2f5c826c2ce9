/**
 * Why a run failed. `quota`: a limit of use or of rate; `budget`: the budget that its agent was given; `network`: the model's server is not reached, busy or down; `refused`:
 * the agent or its model will not do what was asked; `crashed`: it ended without a word.
 */
export const ERROR_KINDS = [
  'quota',
  'budget',
  'auth',
  'network',
  'context_full',
  'refused',
  'crashed',
  'other',
] as const
/** Why a run failed. */
export type ErrorKind = (typeof ERROR_KINDS)[number]

/** Tokens; null where the agent does not tell. */
export interface Usage {
  /** Read by the model anew, those written to a cache included, those read from one not. */
  readonly input: number | null
  /** Read from a cache. */
  readonly cached: number | null
  /** Written by the model, its reasoning included. */
  readonly output: number | null
  /** Input and output; some agents tell nothing else. */
  readonly total: number | null
}

/** What an agent says. Every text in it is bounded. */
export type AgentEvent =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string }
  | AgentTool
  /** `session` numbers include the session's earlier runs; `step` ones add up. */
  | (Usage & { readonly kind: 'usage'; readonly of: 'step' | 'session'; readonly costUsd: number | null })
  /** The model was asked, as the agent counts it. */
  | { readonly kind: 'turn' }
  | AgentWork
  | AgentError

/**
 * What is at work though no call of a tool tells it (a command in the background), or not any more though that is told only
 * later (the end of a call, whose output goes on). It has the id of that call, or one of its own.
 */
export interface AgentWork {
  readonly kind: 'work'
  readonly id: string
  readonly state: 'started' | 'done'
}

/** A tool call: told when it starts, where the agent tells that, and when it ends. */
export interface AgentTool {
  readonly kind: 'tool'
  readonly id: string
  readonly name: string
  readonly input: string | null
  readonly output: string | null
  readonly state: 'started' | 'done' | 'failed'
}

export interface AgentError {
  readonly kind: 'error'
  readonly error: ErrorKind
  readonly text: string
  /** The agent goes on by itself. */
  readonly retrying: boolean
  /** When a limit ends, in milliseconds since the epoch; null where the agent does not tell. */
  readonly until: number | null
}

/** Reads a run's output as it grows: any cut of the bytes gives the same events. What is not the agent's own word is skipped. */
export interface AgentReader {
  push(bytes: Uint8Array): AgentEvent[]
  /** What is left when nothing more comes. */
  end(): AgentEvent[]
}
