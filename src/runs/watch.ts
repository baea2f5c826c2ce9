import { appendFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import type { Identity } from '../processes/table.ts'
import { readTrailer } from './run-log.ts'
import { readStatus } from './state-file.ts'
import { type StopTreeDeps, stopTree } from './stop-tree.ts'

/** A run to be watched to its end. */
export interface Watched {
  readonly runId: string
  readonly agent: Identity
  readonly logPath: string
  readonly statePath: string
  /** The wrapper's last word; null where it went without one, or nobody listened. */
  readonly status: Promise<number | null>
}

/** What watching needs. */
export interface WatchDeps extends StopTreeDeps {
  readonly logger: Logger
}

/** What was seen. */
export interface WatchReport {
  readonly returnCode: number | null
  /** Tools that had outlived their agent and were stopped. */
  readonly leftovers: readonly number[]
  /** Processes of the tree that could not be stopped. */
  readonly survivors: readonly number[]
}

const POLL_MS = 250

/**
 * Waits for the end of a run, then stops what it left behind. Where the wrapper was killed, the agent is watched by its
 * identity, and the log gets the trailer that the wrapper can no longer write.
 */
export async function watch(run: Watched, deps: WatchDeps): Promise<WatchReport> {
  let returnCode = await run.status
  if (returnCode === null) {
    await gone(run.agent, deps)
    returnCode = await settleTrailer(run, deps.logger)
  }
  const swept = await stopTree(run.runId, run.agent, deps)
  return { returnCode, leftovers: swept.signalled, survivors: swept.survivors }
}

/** Resolves when a process is gone, looking from time to time. */
export async function gone(
  identity: Identity,
  { table, clock }: Pick<WatchDeps, 'table' | 'clock'>,
): Promise<void> {
  // A look that fails does not tell that it is gone.
  while (await table.isAlive(identity).catch(() => true)) await clock.sleep(POLL_MS)
}

/**
 * The return code that a wrapper left behind which is gone: in its state file, else in its log's trailer; where there is
 * none, adds one that says so. A log that is gone, too, is told, and tells nothing.
 */
export async function settleTrailer(
  { logPath, statePath }: Pick<Watched, 'logPath' | 'statePath'>,
  logger: Logger,
): Promise<number | null> {
  try {
    // A tool that outlived its agent may have written so much that the trailer is far from the end.
    const told = readStatus(statePath)
    if (told !== null) return told
    const trailer = readTrailer(logPath)
    if (trailer === null) await appendFile(logPath, '\n# codex_exec_return_code=unknown\n')
    return typeof trailer === 'number' ? trailer : null
  } catch (error) {
    logger.warn({ error: messageOf(error) }, 'run.log.fail')
    return null
  }
}
