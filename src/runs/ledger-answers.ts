import type { DatabaseSync } from 'node:sqlite'
import { numberOrNull } from './ledger-rows.ts'
import { type LedgerWrite, withWriteErrors } from './ledger-write.ts'

/** Whether a key was taken before, and with what. */
export type KeyClaim =
  | { readonly kind: 'new' | 'open' | 'other' }
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }

/** The answers that are given again for the same key. */
export interface LedgerAnswers {
  /**
   * Takes a key for a request, forgetting keys claimed before `since`.
   * @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  claimKey(key: string, requestHash: string, now: number, since: number): KeyClaim
  answerKey(key: string, status: number, body: string): void
  freeKey(key: string): void
}

/** The answers in whichever database is open now. */
export function ledgerAnswers(db: () => DatabaseSync, write: LedgerWrite): LedgerAnswers {
  return {
    claimKey(key, requestHash, now, since) {
      const known = withWriteErrors(() => {
        db().prepare('DELETE FROM answers WHERE claimed_at < ?').run(since)
        const row = db().prepare('SELECT * FROM answers WHERE key = ?').get(key)
        if (!row) {
          db()
            .prepare('INSERT INTO answers (key, request_hash, claimed_at) VALUES (?, ?, ?)')
            .run(key, requestHash, now)
        }
        return row
      })
      if (!known) return { kind: 'new' }
      if (known.request_hash !== requestHash) return { kind: 'other' }
      const status = numberOrNull(known.status)
      return status === null ? { kind: 'open' } : { kind: 'answered', status, body: String(known.body) }
    },
    answerKey(key, status, body) {
      write('UPDATE answers SET status = :status, body = :body WHERE key = :key', { status, body, key })
    },
    freeKey(key) {
      write('DELETE FROM answers WHERE key = :key', { key })
    },
  }
}
