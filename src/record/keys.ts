import type { DatabaseSync } from 'node:sqlite'
import { numberOrNull, textOrNull } from './cells.ts'
import type { LedgerQueue } from './queue.ts'
import { withWriteErrors } from './write.ts'

/** A request that asks for a key. */
export interface KeyAsked {
  readonly key: string
  readonly requestHash: string
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Keys claimed before it are forgotten. */
  readonly since: number
}

/** Whether a key was taken before, and with what. */
export type KeyClaim =
  | { readonly kind: 'new' | 'other' }
  /** Its request is at work, and not answered. */
  | { readonly kind: 'open' }
  /** The service ended with its request, which had begun this run. */
  | { readonly kind: 'interrupted'; readonly runId: string }
  | ({ readonly kind: 'answered' } & AnswerText)

/** An answer, as it is kept. */
export interface AnswerText {
  readonly status: number
  readonly body: string
}

/** The keys of requests that are done once. */
export interface Keys {
  /** Takes a key for a request. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  claimKey(asked: KeyAsked): KeyClaim
  /** Says what was answered while the work goes on; the next life of the service does not know of it. */
  tellKey(key: string, answer: AnswerText): void
  /** Keeps the answer: the work is done. */
  answerKey(key: string, answer: AnswerText): void
  /**
   * Gives a key back, and tells true; unless its request began a run that was, or may have been, launched, or that somebody
   * called off: trying again must not undo that.
   */
  freeKey(key: string): boolean
}

/** The columns of keys, as a version of the ledger. A run that begins takes its request's key with it. */
export const KEYS_MIGRATION = `ALTER TABLE answers ADD COLUMN request_id TEXT;
  ALTER TABLE answers ADD COLUMN run_id TEXT;
  CREATE TRIGGER runs_take_keys AFTER INSERT ON runs BEGIN
    UPDATE answers SET run_id = NEW.run_id WHERE request_id = NEW.request_id AND status IS NULL;
  END;`

type Row = Record<string, unknown> | undefined

/** Keys in whichever database is open now. */
export function keysIn(db: () => DatabaseSync, queue: LedgerQueue): Keys {
  /**
   * Keys whose request is at work in this life of the service, with the answer that it has already; all other unanswered
   * ones are from earlier lives.
   */
  const atWork = new Map<string, AnswerText | null>()

  function rowOf(key: string): Row {
    const sql = `SELECT answers.*, runs.outcome FROM answers LEFT JOIN runs ON runs.run_id = answers.run_id WHERE key = ?`
    const row = db().prepare(sql).get(key)
    // The end of its run may wait to be written.
    return row && { ...row, ...queue.waiting(`run ${row.run_id}`) }
  }

  /** Whether a key's request began a run that surely was never launched. A run may be gone: they are not kept for ever. */
  const isVain = (row: Row) => row?.outcome === 'failed_to_start'

  const runOf = (row: Row) => (isVain(row) ? null : textOrNull(row?.run_id))

  /** What was answered of a run that then was never launched does not count: the end was written later. */
  function answerOf(row: Row): AnswerText | null {
    const status = numberOrNull(row?.status)
    return status === null || isVain(row) ? null : { status, body: String(row?.body) }
  }

  return {
    claimKey({ key, requestHash, requestId, now, since }) {
      return withWriteErrors(() => {
        db().prepare('DELETE FROM answers WHERE claimed_at < ?').run(since)
        const row = rowOf(key)
        if (row && row.request_hash !== requestHash) return { kind: 'other' }
        // It may have been written late.
        if (row && row.status !== null) atWork.delete(key)
        const answer = answerOf(row) ?? atWork.get(key)
        if (answer) return { kind: 'answered', ...answer }
        if (atWork.has(key)) return { kind: 'open' }
        const runId = runOf(row)
        if (runId !== null) return { kind: 'interrupted', runId }
        db()
          .prepare(
            'INSERT OR REPLACE INTO answers (key, request_hash, claimed_at, request_id) VALUES (?, ?, ?, ?)',
          )
          .run(key, requestHash, now, requestId)
        atWork.set(key, null)
        return { kind: 'new' }
      })
    },
    tellKey(key, answer) {
      atWork.set(key, answer)
    },
    answerKey(key, { status, body }) {
      const sql = 'UPDATE answers SET status = :status, body = :body WHERE key = :key'
      const isWritten = queue.write(`key ${key}`, sql, { status, body, key })
      if (isWritten) atWork.delete(key)
      else atWork.set(key, { status, body })
    },
    freeKey(key) {
      const row = rowOf(key)
      if (runOf(row) !== null) return false
      // Not a later claim of the same key, where this one has to wait.
      const sql = 'DELETE FROM answers WHERE key = :key AND request_id = :request_id'
      queue.write(`key ${key}`, sql, { key, request_id: textOrNull(row?.request_id) })
      atWork.delete(key)
      return true
    },
  }
}
