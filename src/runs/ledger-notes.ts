import type { DatabaseSync } from 'node:sqlite'
import { textOrNull } from './ledger-rows.ts'
import type { LedgerWrite } from './ledger-write.ts'

/** Small states that survive the service. */
export interface LedgerNotes {
  /** Null where there is none. */
  note(name: string): string | null
  setNote(name: string, value: string): void
}

/** The notes in whichever database is open now. */
export function ledgerNotes(db: () => DatabaseSync, write: LedgerWrite): LedgerNotes {
  return {
    note(name) {
      return textOrNull(db().prepare('SELECT value FROM notes WHERE name = ?').get(name)?.value)
    },
    setNote(name, value) {
      write('INSERT INTO notes VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = :value', {
        name,
        value,
      })
    },
  }
}
