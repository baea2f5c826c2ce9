import type { AgentEvent, ErrorKind, Usage } from './agent-events.ts'
import { sumOf } from './tokens.ts'

/** What an agent has said, as the record of its run keeps it. */
export interface Said {
  readonly sessionId: string | null
  /** The last text. */
  readonly reply: string | null
  /** Of this run. */
  readonly usage: Usage | null
  /** Of this run, as the agent's own files note it while it works; null: nobody looked there, or they say nothing. */
  readonly noted: Usage | null
  /** Of this run, in US dollars; null where it is not known of every step. */
  readonly costUsd: number | null
  readonly turns: number
  /** Of an error after which nothing more was answered. */
  readonly errorKind: ErrorKind | null
  readonly errorText: string | null
  /** When the limit ends that was the error, in milliseconds since the epoch. */
  readonly errorUntil: number | null
  /** Of the whole session, where the agent counts so: what the session's next run begins with. */
  readonly sessionUsage: Usage | null
}

const NO_ERROR = { errorKind: null, errorText: null, errorUntil: null } as const

/** Before the first word. */
export const NOTHING_SAID: Said = {
  sessionId: null,
  reply: null,
  usage: null,
  noted: null,
  costUsd: null,
  turns: 0,
  ...NO_ERROR,
  sessionUsage: null,
}

/**
 * What has been said when an event is told.
 * @param before the usage of the session's earlier runs, where the agent counts sessions; null: this run began it
 */
export function said(so: Said, event: AgentEvent, before: Usage | null = null): Said {
  switch (event.kind) {
    case 'session':
      return { ...so, sessionId: event.id }
    case 'text':
      return { ...so, ...NO_ERROR, reply: event.text }
    case 'turn':
      return { ...so, turns: so.turns + 1 }
    case 'usage':
      return event.of === 'session' ? ofSession(so, event, before) : ofStep(so, event)
    case 'error':
      if (event.retrying) return so
      return { ...so, errorKind: event.error, errorText: event.text, errorUntil: event.until }
    case 'tool':
    case 'work':
      return so
  }
}

/**
 * What a run has used so far. The agent's own files know it before its output does; what it counts of whole sessions may hold
 * more than its own.
 */
export function usedBy({ usage, noted, sessionUsage }: Said): Usage | null {
  if (noted === null) return usage
  const isSurer = usage === null || sessionUsage !== null || tokensOf(noted) > tokensOf(usage)
  return isSurer ? noted : usage
}

/** All tokens of a usage that are known and not from a cache. */
export const tokensOf = ({ input, output, total }: Usage): number => total ?? (input ?? 0) + (output ?? 0)

/** The same with a usage that its agent's files note, if that is news. */
export const withNoted = (so: Said, noted: Usage | null): Said =>
  noted === null || (so.noted !== null && tokensOf(noted) <= tokensOf(so.noted)) ? so : { ...so, noted }

/**
 * What a run has said that nobody stopped, with the status it ended with; null: it is not known. A status of 0 proves nothing
 * where there is no answer.
 */
export function ended(so: Said, status: number | null): Said {
  if (so.errorKind !== null || status === null) return so
  if (status !== 0) return { ...so, errorKind: 'crashed', errorText: null, errorUntil: null }
  if (so.reply !== null) return so
  return { ...so, errorKind: 'other', errorText: 'The agent ended without an answer.', errorUntil: null }
}

type UsageEvent = Extract<AgentEvent, { kind: 'usage' }>

function ofSession(
  so: Said,
  { input, cached, output, total, costUsd }: UsageEvent,
  before: Usage | null,
): Said {
  const sessionUsage = { input, cached, output, total }
  return {
    ...so,
    sessionUsage,
    usage: before === null ? sessionUsage : eachOf(sessionUsage, before, less),
    // The cost of the session's earlier runs is not told.
    costUsd: before === null ? costUsd : null,
  }
}

function ofStep(so: Said, { input, cached, output, total, costUsd }: UsageEvent): Said {
  const step = { input, cached, output, total }
  if (so.usage === null) return { ...so, usage: step, costUsd }
  return {
    ...so,
    usage: eachOf(so.usage, step, (a, b) => sumOf([a, b])),
    costUsd: sumOf([so.costUsd, costUsd]),
  }
}

type Join = (a: number | null, b: number | null) => number | null

/** A session that was begun anew has less than before; nothing is less than no token. */
const less: Join = (a, b) => (a === null || b === null ? null : Math.max(0, a - b))

const eachOf = (a: Usage, b: Usage, join: Join): Usage => ({
  input: join(a.input, b.input),
  cached: join(a.cached, b.cached),
  output: join(a.output, b.output),
  total: join(a.total, b.total),
})
