import { LooperError } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'

/** The run that a request names. @throws {LooperError} `LOOPER_RUN_NOT_FOUND` */
export function runOf(ledger: Pick<Ledger, 'find'>, runId: string): RunRecord {
  const run = ledger.find(runId)
  if (run) return run
  throw new LooperError('LOOPER_RUN_NOT_FOUND', 'there is no run of this id')
}
