import type { LeftSession, RunRemains } from '../record/remains.ts'

/** A session that runs on the record were of. */
export interface KnownSession {
  readonly id: string
  /** Its last run; null: that is not on the record any more. */
  readonly runId: string | null
  /** When its first run was asked for, in milliseconds since the epoch. */
  readonly beganAt: number
  /** When its last run ended; null: one lives, or waits. */
  readonly endedAt: number | null
}

/** The sessions of an agent, by their ids. @param left those whose runs were removed from the record */
export function knownSessions(
  runs: readonly RunRemains[],
  left: readonly LeftSession[],
  agent: string,
): ReadonlyMap<string, KnownSession> {
  const known = new Map<string, KnownSession>()
  const add = (one: KnownSession) => {
    const before = known.get(one.id)
    if (!before) return known.set(one.id, one)
    return known.set(one.id, {
      id: one.id,
      runId: one.runId,
      beganAt: Math.min(before.beganAt, one.beganAt),
      endedAt: before.endedAt === null || one.endedAt === null ? null : Math.max(before.endedAt, one.endedAt),
    })
  }
  for (const { sessionId: id, beganAt, endedAt, ...one } of left)
    if (one.agent === agent) add({ id, runId: null, beganAt, endedAt })
  for (const { sessionId: id, runId, requestedAt: beganAt, endedAt, ...one } of runs)
    if (id !== null && one.agent === agent) add({ id, runId, beganAt, endedAt })
  return known
}
