import type { DatabaseSync } from 'node:sqlite'
import { textOrNull } from './cells.ts'
import type { LedgerQueue } from './queue.ts'

/** Small states that survive the service. */
export interface LedgerNotes {
  /** Null where there is none. */
  note(name: string): string | null
  setNote(name: string, value: string): void
}

/** The notes in whichever database is open now. */
export function ledgerNotes(db: () => DatabaseSync, { write, waiting }: LedgerQueue): LedgerNotes {
  return {
    note(name) {
      const row = db().prepare('SELECT value FROM notes WHERE name = ?').get(name)
      return textOrNull(waiting(`note ${name}`).value ?? row?.value)
    },
    setNote(name, value) {
      const sql = 'INSERT INTO notes VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = :value'
      write(`note ${name}`, sql, { name, value })
    },
  }
}
