import path from 'node:path'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { removeFile } from '../files.ts'
import type { Ledger, RunRecord } from './ledger.ts'
import type { LiveRuns } from './live.ts'
import { removeOrders } from './orders.ts'
import { endOf, type RunEnd } from './outcome.ts'
import { listStates, readState } from './state-file.ts'
import { type StopTreeDeps, stopTree } from './stop-tree.ts'
import { settleTrailer } from './watch.ts'
import { WRAPPER } from './wrappers.ts'

/** What adoption needs. */
export interface AdoptDeps extends StopTreeDeps {
  readonly ledger: Ledger
  readonly live: LiveRuns
  readonly stateDir: string
  readonly logger: Logger
}

const REPORT_POLL_MS = 20
/** A wrapper tells who it is within milliseconds of its start. */
const REPORT_LIMIT_MS = 5000

/**
 * Takes up what an earlier life of the service left unfinished: follows what lives, ends the rest on the record, with
 * its cause. Resolves when the ledger is known to be sound and every such run is one or the other; nothing is launched
 * before.
 */
export async function adoptRuns(deps: AdoptDeps): Promise<void> {
  await deps.ledger.check()
  for (const record of deps.ledger.unfinished()) {
    await takeUp(record, deps).catch((error: unknown) => {
      deps.logger.error({ run_id: record.runId, error: messageOf(error) }, 'run.adopt.fail')
    })
  }
}

async function takeUp(record: RunRecord, deps: AdoptDeps): Promise<void> {
  const { table, live } = deps
  const { logPath, command } = record
  const statePath = path.join(deps.stateDir, record.runId)
  const { agent, wrapper } = await identitiesOf(record, statePath, deps)
  // Whoever told who the agent is has read them.
  removeOrders(statePath)
  if (!agent || !wrapper || !logPath || !command) {
    if (logPath) await settleTrailer({ logPath, statePath }, deps.logger)
    // Launched while the ledger could not be written: without its log it cannot be followed.
    if (agent?.bootId === table.bootId) await stopTree(record.runId, agent, deps)
    return end(record, deps, {
      outcome: 'failed_to_start',
      returnCode: null,
      cause: 'the service ended before the launch',
    })
  }
  if ((await table.isAlive(wrapper)) || (await table.isAlive(agent))) {
    live.adopt(record, { logPath, command, agent, wrapper })
    return
  }
  const returnCode = await settleTrailer({ logPath, statePath }, deps.logger)
  if (agent.bootId !== table.bootId)
    return end(record, deps, endOf(null, returnCode, 'the machine was restarted'))
  const swept = await stopTree(record.runId, agent, deps)
  const { signalled: pids, survivors } = swept
  if (pids.length + survivors.length > 0)
    deps.logger.warn({ run_id: record.runId, pids, survivors }, 'run.leftovers')
  const lost = 'its wrapper was killed while the service was down, so nobody knows its status'
  end(record, deps, endOf(null, returnCode, lost))
}

/** Who the run's processes are: from the ledger, else from the wrapper's state file. */
async function identitiesOf(record: RunRecord, state: string, deps: AdoptDeps) {
  const { clock } = deps
  const { agentIdentity: agent, wrapperIdentity: wrapper } = record
  if (agent && wrapper) return { agent, wrapper }
  const deadline = clock.monotonic() + REPORT_LIMIT_MS
  for (;;) {
    // Asked before reading: what a wrapper told before it was gone is then surely read.
    const mayTell = clock.monotonic() < deadline && (await isAnybodyToTell(deps))
    const told = readState(state)
    if (told.agent || !mayTell) return told
    // The service died right after the spawn: the wrapper is still about to tell.
    await clock.sleep(REPORT_POLL_MS)
  }
}

/** Whether there is a wrapper of which nobody knows yet whose it is. */
async function isAnybodyToTell({ table, stateDir }: AdoptDeps): Promise<boolean> {
  const told = listStates(stateDir).map((runId) => readState(path.join(stateDir, runId)).wrapper?.pid)
  for (const { pid, argv } of await table.commands()) {
    if (argv[1] === WRAPPER && argv[2] === stateDir && !told.includes(pid)) return true
  }
  return false
}

function end(record: RunRecord, { ledger, clock, stateDir, logger }: AdoptDeps, how: RunEnd): void {
  ledger.finish(record.runId, { ...how, endedAt: clock.now(), outputBytes: null, tokensUsed: null })
  removeFile(path.join(stateDir, record.runId))
  logger.info({ request_id: record.requestId, run_id: record.runId, ...how }, 'run.end')
}
