import { LooperError } from '../base/errors.ts'
import type { Columns } from './write.ts'

/** Sessions that are being deleted, or were by this life of the service: no run begins in them. */
export interface GoingSessions {
  /** From now on no run comes on the record in it; false, and nothing is changed, where one lives or waits in it, or has ended since then. */
  letSessionGo(agent: string, sessionId: string, since: number): boolean
  /** It is still there, and stays. */
  keepSession(agent: string, sessionId: string): void
}

/** So many are remembered, the last ones. */
const MOST = 10_000

/** The same for whoever puts runs on the record. */
export interface GoingSessionsKept extends GoingSessions {
  /** @throws {LooperError} `LOOPER_RESUME_REFUSED` where a run is to go on in such a session */
  assertStays(intent: Columns): void
}

/** @param isNeeded whether a run of the session lives or waits, or has ended since then */
export function goingSessions(
  isNeeded: (agent: string, sessionId: string, since: number) => boolean,
): GoingSessionsKept {
  const going = new Set<string>()
  const keyOf = (agent: unknown, sessionId: unknown) => `${agent} ${sessionId}`
  return {
    letSessionGo(agent, sessionId, since) {
      if (isNeeded(agent, sessionId, since)) return false
      going.add(keyOf(agent, sessionId))
      for (const oldest of going) {
        if (going.size <= MOST) break
        going.delete(oldest)
      }
      return true
    },
    keepSession(agent, sessionId) {
      going.delete(keyOf(agent, sessionId))
    },
    assertStays({ agent, session_id }) {
      if (!going.has(keyOf(agent, session_id))) return
      throw new LooperError(
        'LOOPER_RESUME_REFUSED',
        `cannot go on in session ${session_id}: it is deleted to make room`,
      )
    },
  }
}
