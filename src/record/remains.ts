import { once } from 'node:events'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { numberOrNull, textOrNull } from './cells.ts'
import { IS_PARKED } from './holds.ts'
import type { LedgerQueue } from './queue.ts'

/** A run on the record, as far as it counts for what takes room on the disk. */
export interface RunRemains {
  readonly seq: number
  readonly runId: string
  readonly requestId: string
  readonly agent: string
  /** The session it is of, or goes on in. */
  readonly sessionId: string | null
  readonly logPath: string | null
  /** Milliseconds since the epoch. */
  readonly requestedAt: number
  /** Null: it lives, waits, or is parked. */
  readonly endedAt: number | null
  readonly isWaiting: boolean
  /** About so many bytes of the record are its. */
  readonly bytes: number
}

/** A session whose runs, or some of them, were removed from the record. */
export interface LeftSession {
  readonly agent: string
  readonly sessionId: string
  /** When the first of them was asked for, and the last of them ended, in milliseconds since the epoch. */
  readonly beganAt: number
  readonly endedAt: number
}

/** What takes room on the record. */
export interface Remains {
  /** Runs in the order in which they came on the record, so many behind the one of this `seq`. */
  remains(after: number, limit: number): RunRemains[]
  /** Whether a run of this session lives, waits or is parked, or has ended since then. */
  isSessionNeeded(agent: string, sessionId: string, since: number): boolean
  /** The sessions of runs that were removed: what their agents keep of them may still be there. Not all, where there are very many. */
  leftSessions(): LeftSession[]
  /** Nothing is left of it. */
  forgetSession(agent: string, sessionId: string): void
  /** What its file takes, and how much of that holds nothing, in bytes. Its journal is no part of it: that is soon as large again. */
  room(): { readonly bytes: number; readonly spare: number }
  /** Gives them back to the file system, off the main thread. @throws {Error} where somebody else holds its lock, or it has no room */
  compact(): Promise<void>
}

/** Finds the runs of a session. */
export const BY_SESSION_MIGRATION =
  'CREATE INDEX runs_by_session ON runs (session_id) WHERE session_id IS NOT NULL;'

const COMPACT = path.join(import.meta.dirname, 'compact.js')
/** What a run takes beside its texts: its numbers, and its place in the indexes. */
const ROW_BYTES = 1000
const TEXTS = ['prompt', 'command', 'notice_text', 'reply', 'asked', 'cause']
const BYTES = [
  ROW_BYTES,
  ...TEXTS.map((name) => `coalesce(octet_length(${name}), 0)`),
  '(SELECT coalesce(sum(octet_length(text)), 0) FROM texts WHERE texts.run_id = runs.run_id)',
].join(' + ')

/** So many are remembered, the last ones. */
const MOST_LEFT = 10_000

/** Remembers the sessions of runs that are removed. */
export const LEFT_SESSIONS_MIGRATION = `CREATE TABLE left_sessions (
    agent TEXT NOT NULL,
    session_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (agent, session_id)
  ) STRICT;
  CREATE TRIGGER runs_leave_sessions AFTER DELETE ON runs WHEN OLD.session_id IS NOT NULL BEGIN
    INSERT INTO left_sessions VALUES (OLD.agent, OLD.session_id, OLD.requested_at, coalesce(OLD.ended_at, OLD.requested_at))
      ON CONFLICT DO UPDATE SET began_at = min(began_at, excluded.began_at), ended_at = max(ended_at, excluded.ended_at);
    DELETE FROM left_sessions WHERE rowid <= (SELECT max(rowid) FROM left_sessions) - ${MOST_LEFT};
  END;`

/** @param assertThere throws where the file was removed or replaced */
export function remainsIn(
  db: () => DatabaseSync,
  { write }: LedgerQueue,
  file: string,
  assertThere: () => void,
): Remains {
  const pragma = (name: string) => Number(Object.values(Object(db().prepare(`PRAGMA ${name}`).get()))[0])
  return {
    remains(after, limit) {
      const rows = db()
        .prepare(
          `SELECT seq, run_id, request_id, agent, session_id, log_path, requested_at, launched_at, ended_at, outcome, queue_place,
            ${IS_PARKED} AS is_parked, ${BYTES} AS bytes FROM runs WHERE seq > ? ORDER BY seq LIMIT ?`,
        )
        .all(after, limit)
      return rows.map((row) => ({
        seq: Number(row.seq),
        runId: String(row.run_id),
        requestId: String(row.request_id),
        agent: String(row.agent),
        sessionId: textOrNull(row.session_id),
        logPath: textOrNull(row.log_path),
        requestedAt: Number(row.requested_at),
        endedAt: row.outcome === null || row.is_parked === 1 ? null : Number(row.ended_at),
        isWaiting: row.outcome === null && row.queue_place !== null && numberOrNull(row.launched_at) === null,
        bytes: Number(row.bytes),
      }))
    },
    isSessionNeeded(agent, sessionId, since) {
      const row = db()
        .prepare(
          `SELECT 1 FROM runs WHERE session_id = ? AND agent = ? AND (outcome IS NULL OR ended_at > ? OR ${IS_PARKED}) LIMIT 1`,
        )
        .get(sessionId, agent, since)
      return row !== undefined
    },
    leftSessions() {
      const rows = db().prepare('SELECT agent, session_id, began_at, ended_at FROM left_sessions').all()
      return rows.map((row) => ({
        agent: String(row.agent),
        sessionId: String(row.session_id),
        beganAt: Number(row.began_at),
        endedAt: Number(row.ended_at),
      }))
    },
    forgetSession(agent, sessionId) {
      const sql = 'DELETE FROM left_sessions WHERE agent = :agent AND session_id = :session_id'
      write(`session ${sessionId} of ${agent}`, sql, { agent, session_id: sessionId })
    },
    room() {
      const page = pragma('page_size')
      return { bytes: pragma('page_count') * page, spare: pragma('freelist_count') * page }
    },
    async compact() {
      assertThere()
      await once(new Worker(COMPACT, { workerData: file }), 'message')
    },
  }
}
