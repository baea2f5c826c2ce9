import { DatabaseSync } from 'node:sqlite'
import { FEATURES, TRIGGERS } from '../../src/plugins.ts'
import { openLedger } from '../../src/record/ledger.ts'

/** The schema of a new record with the tables of all plug-ins, as SQLite has it, with its version. */
export function recordSchema(file: string): string {
  const ledger = openLedger(file, () => undefined)
  for (const { tables } of [...FEATURES, ...TRIGGERS])
    if (tables) ledger.tablesOf(tables).change(() => undefined)
  ledger.close()
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const [version] = database.prepare('PRAGMA user_version').all()
    const rows = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name').all()
    const statements = rows.map(
      ({ sql }) =>
        `${String(sql)
          .replace(/\n {4}/g, '\n  ')
          .replace(/\n {2}\)/g, '\n)')};`,
    )
    return `${[`PRAGMA user_version = ${version?.user_version};`, ...statements].join('\n\n')}\n`
  } finally {
    database.close()
  }
}
