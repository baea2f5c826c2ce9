import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Who a forged record says that a run's processes are. */
export interface ForgedIdentity {
  readonly bootId: string
  readonly pid: number
  readonly start: string
}

/** The boot, as the kernel names it. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Rewrites who a run was, in the ledger and in the wrapper's state file, while no service is there. */
export function forgeIdentity(logDir: string, runId: string, who: ForgedIdentity): void {
  const db = new DatabaseSync(path.join(logDir, 'looper.db'))
  const { changes } = db
    .prepare(
      `UPDATE runs SET boot_id = :boot, agent_pid = :pid, agent_start = :start, wrapper_pid = :pid, wrapper_start = :start
       WHERE run_id = :run AND outcome IS NULL`,
    )
    .run({ boot: who.bootId, pid: who.pid, start: who.start, run: runId })
  db.close()
  if (changes !== 1) throw new Error(`run ${runId} is not unfinished`)
  writeState(logDir, runId, who)
}

/** A state file as a wrapper would have written it. */
export function writeState(logDir: string, runId: string, { pid, start, bootId }: ForgedIdentity): void {
  const line = `${pid} ${start} ${bootId}\n`
  writeFileSync(path.join(logDir, '.runs', runId), `wrapper ${line}agent ${line}`)
}
