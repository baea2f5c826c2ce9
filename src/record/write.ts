import type { SQLInputValue } from 'node:sqlite'
import { LooperError, messageOf } from '../base/errors.ts'

/** Does work that must be written now. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`, or what the work throws by a name */
export function withWriteErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof LooperError) throw error
    throw new LooperError('LOOPER_LEDGER_UNWRITABLE', `cannot write the ledger: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Values by the names of their columns. */
export type Columns = Record<string, SQLInputValue>

/** What adds a row of runs; expressions stand for columns whose values SQLite computes. */
export function insertSql(columns: Columns, expressions: Readonly<Record<string, string>>): string {
  const names = [...Object.keys(columns), ...Object.keys(expressions)]
  const values = [...Object.keys(columns).map((name) => `:${name}`), ...Object.values(expressions)]
  return `INSERT INTO runs (${names.join(', ')}) VALUES (${values.join(', ')})`
}
