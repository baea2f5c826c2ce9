import type { SQLInputValue } from 'node:sqlite'
import { LooperError, messageOf } from '../errors.ts'

/** Writes now, or keeps what cannot be written now and writes it with the next that can; true where nothing waits. */
export type LedgerWrite = (sql: string, values: Record<string, SQLInputValue>) => boolean

/** Does work that must be written now. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function withWriteErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new LooperError('LOOPER_LEDGER_UNWRITABLE', `cannot write the ledger: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
