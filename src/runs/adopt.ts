import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { stopTrees } from '../processes/stop.ts'
import type { ProcessTable } from '../processes/table.ts'
import type { Ledger, RunRecord } from './ledger.ts'
import type { LiveRuns } from './live.ts'
import { endOf, type RunEnd } from './outcome.ts'
import { readState, removeState } from './state-file.ts'
import { settleTrailer } from './watch.ts'

/** What adoption needs. */
export interface AdoptDeps {
  readonly ledger: Ledger
  readonly live: LiveRuns
  readonly table: ProcessTable
  readonly clock: Clock
  readonly graceMs: number
  readonly stateDir: string
  readonly logger: Logger
}

const REPORT_POLL_MS = 20
/** A wrapper tells who it is within milliseconds of its start. */
const REPORT_LIMIT_MS = 5000

/**
 * Takes up what an earlier life of the service left unfinished: follows what lives, ends the rest on the record, with
 * its cause. Resolves when every such run is one or the other; nothing is launched before.
 */
export async function adoptRuns(deps: AdoptDeps): Promise<void> {
  for (const record of deps.ledger.unfinished()) await takeUp(record, deps)
}

async function takeUp(record: RunRecord, deps: AdoptDeps): Promise<void> {
  const { table, live } = deps
  const { logPath } = record
  const state = path.join(deps.stateDir, record.runId)
  const { agent, wrapper } = await identitiesOf(record, state, deps)
  if (!agent || !wrapper || !logPath) {
    if (logPath) await closeLog(logPath, deps.logger)
    return end(record, deps, {
      outcome: 'failed_to_start',
      returnCode: null,
      cause: 'the service ended before the launch',
    })
  }
  if ((await table.isAlive(wrapper)) || (await table.isAlive(agent))) {
    live.adopt(record, logPath, { agent, wrapper })
    return
  }
  const returnCode = await closeLog(logPath, deps.logger)
  if (agent.bootId !== table.bootId)
    return end(record, deps, endOf(null, returnCode, 'the machine was restarted'))
  const swept = await stopTrees([{ identity: agent, cookie: record.runId }], { ...deps, spare: new Set() })
  if (swept.signalled.length > 0)
    deps.logger.warn({ run_id: record.runId, pids: swept.signalled }, 'run.leftovers')
  const lost = 'its wrapper was killed while the service was down, so nobody knows its status'
  end(record, deps, endOf(null, returnCode, lost))
}

/** Who the run's processes are: from the ledger, else from the wrapper's state file. */
async function identitiesOf(record: RunRecord, state: string, { table, clock }: AdoptDeps) {
  const { agentIdentity: agent, wrapperIdentity: wrapper } = record
  if (agent && wrapper) return { agent, wrapper }
  const deadline = clock.monotonic() + REPORT_LIMIT_MS
  let told = readState(state)
  // The service died right after the spawn: the wrapper may still be about to tell.
  while (!told.agent && clock.monotonic() < deadline && (await hasWrapper(record.runId, table))) {
    await clock.sleep(REPORT_POLL_MS)
    told = readState(state)
  }
  return told
}

async function hasWrapper(runId: string, table: ProcessTable): Promise<boolean> {
  for (const { argv } of await table.commands()) if (argv[4] === runId) return true
  return false
}

/** The return code in the log's trailer; where there is none, adds the one that nobody else will write any more. */
async function closeLog(logPath: string, logger: Logger): Promise<number | null> {
  try {
    return await settleTrailer(logPath)
  } catch (error) {
    logger.warn({ error: messageOf(error) }, 'run.log.fail')
    return null
  }
}

function end(record: RunRecord, { ledger, clock, stateDir, logger }: AdoptDeps, how: RunEnd): void {
  ledger.finish(record.runId, { ...how, endedAt: clock.now(), outputBytes: null, tokensUsed: null })
  removeState(path.join(stateDir, record.runId))
  logger.info({ request_id: record.requestId, run_id: record.runId, ...how }, 'run.end')
}
