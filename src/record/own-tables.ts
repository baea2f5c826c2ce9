import type { DatabaseSync } from 'node:sqlite'
import { LooperError } from '../base/errors.ts'
import { type Columns, withWriteErrors } from './write.ts'

/** The tables of one owner outside of the record, and how they came to be. */
export interface TablePlan {
  /** Whose they are; their names begin with it. */
  readonly owner: string
  /** Each entry brings the tables one version further; entries are never changed once released. */
  readonly migrations: readonly string[]
}

/** An owner's tables, in the file of the record. They are made with the first change: whoever writes nothing has none. */
export interface Tables {
  /** Rows as they are now; none where nothing was ever written. */
  rows(sql: string, values?: Columns): Record<string, unknown>[]
  /**
   * Does work in one transaction: all that it writes is on the record when this returns, or nothing is.
   * @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`, or what the work throws by that name
   */
  change<T>(work: (db: DatabaseSync) => T): T
}

/** Gives owners their tables. */
export interface OwnTables {
  tablesOf(plan: TablePlan): Tables
}

/** Which version of whose tables there is. Made with the first of them. */
const VERSIONS = 'CREATE TABLE IF NOT EXISTS owners (owner TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT'

/** The tables of owners, in whichever database is open now. @param assertThere throws where nobody would read what is written */
export function ownTables(db: () => DatabaseSync, assertThere: () => void): OwnTables {
  return {
    tablesOf({ owner, migrations }) {
      let upToDate: DatabaseSync | null = null

      function version(): number {
        const isNone = db().prepare("SELECT 1 FROM sqlite_schema WHERE name = 'owners'").get() === undefined
        if (isNone) return 0
        const row = db().prepare('SELECT version FROM owners WHERE owner = ?').get(owner)
        return Number(row?.version ?? 0)
      }

      /** Within a transaction. */
      function bringUpToDate(): void {
        const known = version()
        if (known > migrations.length)
          throw new LooperError(
            'LOOPER_LEDGER_UNWRITABLE',
            `the tables of ${owner} were made by a newer Looper (version ${known}, this one knows ${migrations.length}); update Looper`,
          )
        if (known === migrations.length) return
        db().exec(VERSIONS)
        for (const sql of migrations.slice(known)) db().exec(sql)
        db().prepare('INSERT OR REPLACE INTO owners VALUES (?, ?)').run(owner, migrations.length)
      }

      const tables: Tables = {
        rows(sql, values = {}) {
          if (upToDate !== db()) {
            const known = version()
            if (known === 0) return []
            // What an earlier version left is brought up to date before it is read.
            if (known !== migrations.length) tables.change(() => undefined)
            upToDate = db()
          }
          return db().prepare(sql).all(values)
        },
        change(work) {
          return withWriteErrors(() => {
            assertThere()
            db().exec('BEGIN IMMEDIATE')
            try {
              if (upToDate !== db()) bringUpToDate()
              const result = work(db())
              db().exec('COMMIT')
              upToDate = db()
              return result
            } catch (error) {
              // A statement that failed may have ended it.
              if (db().isTransaction) db().exec('ROLLBACK')
              throw error
            }
          })
        },
      }
      return tables
    },
  }
}
