import type { TablePlan, Tables } from '../record/own-tables.ts'

/** The table of what was heard and dealt with. */
export const HEARD_TABLES: TablePlan = {
  owner: 'heard',
  migrations: [
    `CREATE TABLE heard (
      account TEXT NOT NULL,
      message_id INTEGER NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (account, message_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX heard_by_time ON heard (at);`,
  ],
}

/** Messages that were dealt with: each counts once, however often it is heard. */
export interface HeardRecords {
  has(account: string, messageId: number): boolean
  /** @param at milliseconds since the epoch @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  add(account: string, messageId: number, at: number): void
}

/** More than anybody reaches back. */
const KEPT = 10_000

/** What was heard, in its table. */
export function heardRecords(tables: Tables): HeardRecords {
  return {
    has: (account, message_id) =>
      tables.rows('SELECT 1 FROM heard WHERE account = :account AND message_id = :message_id', {
        account,
        message_id,
      }).length > 0,
    add(account, messageId, at) {
      tables.change((db) => {
        db.prepare('INSERT OR IGNORE INTO heard VALUES (?, ?, ?)').run(account, messageId, Math.round(at))
        db.exec(`DELETE FROM heard WHERE at < (SELECT at FROM heard ORDER BY at DESC LIMIT 1 OFFSET ${KEPT})`)
      })
    },
  }
}
