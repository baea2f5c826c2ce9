import type { RunRemains } from '../record/remains.ts'
import type { Facts, Reason, Session } from './source.ts'

/** For so long after its end, a run is still being told of: its notice, its answer, what follows it. */
export const RECENT_MS = 15_000

/** Why what a run wrote stays; null: it may go. A time to come is one of a clock that was set back: it is young. */
export function keptAfter(endedAt: number | null, { now }: Pick<Facts, 'now'>): Reason | null {
  if (endedAt === null) return 'live'
  return now - endedAt < RECENT_MS ? 'recent' : null
}

/** Why what it takes to go on in a session stays; null: it may go. */
export function keptForSession(
  endedAt: number | null,
  canResume: boolean,
  facts: Pick<Facts, 'now' | 'resumableMs'>,
): Reason | null {
  const kept = keptAfter(endedAt, facts)
  if (kept !== null || endedAt === null || !canResume) return kept
  return facts.now - endedAt < facts.resumableMs ? 'resumable' : null
}

/** A session of an agent, as one word. */
export const sessionKey = ({ agent, id }: Session): string => `${agent} ${id}`

/** The session of a run; null: it has none. */
export const sessionOf = ({ agent, sessionId }: Pick<RunRemains, 'agent' | 'sessionId'>): Session | null =>
  sessionId === null ? null : { agent, id: sessionId }

/** The sessions of runs that live or wait. */
export function sessionsInUse(runs: readonly RunRemains[]): ReadonlySet<string> {
  const used = new Set<string>()
  for (const run of runs) {
    const session = sessionOf(run)
    if (run.endedAt === null && session !== null) used.add(sessionKey(session))
  }
  return used
}
