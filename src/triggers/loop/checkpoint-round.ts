import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { RunRecord } from '../../record/run-record.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Loop, LoopRecords, Round } from './records.ts'

/** What keeping the work tree of a round takes. */
export interface CheckpointDeps {
  readonly records: Pick<LoopRecords, 'stepRound'>
  readonly checkpoints: Pick<Checkpoints, 'take'>
  readonly logger: Logger
}

/**
 * Keeps what the work tree is after a round, if it is to be kept and was not yet; that it cannot be kept stands on the record,
 * and is no failure of the round. Resolves with whether there was something to do.
 * @param signal aborted: nothing came of it @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
 */
export async function keepCheckpoint(
  { name, definition }: Loop,
  { round, run: { workspace } }: { readonly round: Round; readonly run: Pick<RunRecord, 'workspace'> },
  { records, checkpoints, logger }: CheckpointDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const isDone = round.checkpoint !== null || round.checkpointError !== null
  if (definition.checkpoints !== 'on' || isDone) return false
  const { iteration } = round
  const message = `Loop ${name}, round ${iteration}`
  const kept = await checkpoints
    .take({ loop: name, workspace, name: String(round.id), message }, signal)
    .then((checkpoint) => ({ checkpoint }))
    .catch((error: unknown) => ({ checkpointError: messageOf(error) }))
  if (signal.aborted) return true
  records.stepRound(name, round, kept)
  logger.info({ loop: name, iteration, ...kept }, 'loop.checkpoint')
  return true
}
