import { LooperError, messageOf } from '../base/errors.ts'

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
