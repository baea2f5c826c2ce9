import { appendFile, unlink } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { stopTrees } from '../processes/stop.ts'
import type { Identity, ProcessTable } from '../processes/table.ts'
import type { RunEnd } from './run.ts'
import { readTrailer } from './run-log.ts'

/** A run to be watched to its end. */
export interface Watched {
  readonly runId: string
  readonly agent: Identity
  readonly logPath: string
  readonly stateFile: string
  /** The wrapper's last word; null where it went without one. */
  readonly status: Promise<number | null>
}

/** What watching needs. */
export interface WatchDeps {
  readonly table: ProcessTable
  readonly clock: Clock
  readonly graceMs: number
}

/** What was seen. */
export interface WatchReport extends RunEnd {
  /** Tools that had outlived their agent and were stopped. */
  readonly leftovers: readonly number[]
  /** Processes of the tree that could not be stopped. */
  readonly survivors: readonly number[]
}

const POLL_MS = 100

/**
 * Waits for the end of a run, then stops what it left behind. Where the wrapper was killed, the agent is watched by its
 * identity, and the log gets the trailer that the wrapper can no longer write.
 */
export async function watch(run: Watched, deps: WatchDeps): Promise<WatchReport> {
  let returnCode = await run.status
  if (returnCode === null) {
    while (await deps.table.isAlive(run.agent)) await deps.clock.sleep(POLL_MS)
    returnCode = readTrailer(run.logPath)
    if (returnCode === null) await appendFile(run.logPath, '\n# codex_exec_return_code=unknown\n')
  }
  const swept = await stopTrees([{ identity: run.agent, cookie: run.runId }], { ...deps, spare: new Set() })
  await unlink(run.stateFile).catch(() => undefined)
  return { returnCode, leftovers: swept.signalled, survivors: swept.survivors }
}
