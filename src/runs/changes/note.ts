import type { Ledger } from '../../record/ledger.ts'
import type { RunRecord } from '../../record/run-record.ts'
import type { Changes } from './changes.ts'

/** What noting needs. */
export interface NoteDeps {
  readonly ledger: Ledger
  /** Null or absent: nobody looks what runs change. */
  readonly changes?: Changes | null
}

/** Puts on the record what a run has changed, whose agent is gone, unless it is there already. Never rejects. */
export async function noteChanges(
  { runId, workTree, changes, logPath }: Pick<RunRecord, 'runId' | 'workTree' | 'changes' | 'logPath'>,
  deps: NoteDeps,
): Promise<void> {
  if (!deps.changes || workTree === null || changes !== null || logPath === null) return
  const found = await deps.changes.after(runId, workTree, logPath)
  if (found) deps.ledger.step(runId, { changes: found })
}
