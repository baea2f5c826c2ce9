import type { DatabaseSync } from 'node:sqlite'
import type { Least } from '../runs/budget/budget.ts'
import type { LedgerQueue } from './queue.ts'

/** What a run used on a day. */
export interface SpentOnDay extends Least {
  /** As `2026-11-27`. */
  readonly day: string
  readonly runId: string
}

/** What was used day by day; it outlives the runs. */
export interface SpendingRecords {
  spending(): SpentOnDay[]
  /** Writes what a run used on a day, in the place of what stood there, as soon as that is possible. */
  setSpending(spent: SpentOnDay): void
  /** Forgets all days but the latest ones. */
  keepSpending(days: number): void
}

/** Tokens, and US dollars. */
export const SPENDING_MIGRATION = `CREATE TABLE spending (
    day TEXT NOT NULL,
    run_id TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    PRIMARY KEY (day, run_id)
  ) STRICT, WITHOUT ROWID;`

const PUT =
  'INSERT OR REPLACE INTO spending (day, run_id, tokens, cost_usd) VALUES (:day, :run_id, :tokens, :cost_usd)'
const KEEP = `DELETE FROM spending
  WHERE day NOT IN (SELECT DISTINCT day FROM spending ORDER BY day DESC LIMIT :days)`

/** The days in whichever database is open now. */
export const spendingIn = (db: () => DatabaseSync, queue: LedgerQueue): SpendingRecords => ({
  spending: () =>
    db()
      .prepare('SELECT * FROM spending ORDER BY day')
      .all()
      .map((row) => ({
        day: String(row.day),
        runId: String(row.run_id),
        tokens: Number(row.tokens),
        costUsd: Number(row.cost_usd),
      })),
  setSpending({ day, runId, tokens, costUsd }) {
    const values = { day, run_id: runId, tokens: Math.round(tokens), cost_usd: costUsd }
    queue.write(`spending ${day} ${runId}`, PUT, values)
  },
  keepSpending(days) {
    queue.write('spending', KEEP, { days })
  },
})
