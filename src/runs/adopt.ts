import path from 'node:path'
import type { Logger } from 'pino'
import { type Agents, agentOnRecord } from '../agents/agents.ts'
import { messageOf } from '../base/errors.ts'
import { findRunLog, runLogName } from '../logs/run-log.ts'
import type { Place } from '../places/place.ts'
import type { Identity } from '../processes/table.ts'
import type { Ledger, RunRecord } from '../record/ledger.ts'
import { ageMs } from './age.ts'
import { type ExplainDeps, explain } from './explain.ts'
import type { LiveRuns } from './live.ts'
import { endOf, type RunEnd } from './outcome.ts'
import { type StopTreeDeps, stopTree } from './stop-tree.ts'
import { closeLog, lastWord, settleTrailer } from './watch.ts'

/** What adoption needs. */
export interface AdoptDeps extends StopTreeDeps, ExplainDeps {
  readonly ledger: Ledger
  readonly live: LiveRuns
  readonly place: Place
  readonly agents: Agents
  readonly logDir: string
  readonly logger: Logger
}

const REPORT_POLL_MS = 20
/** A wrapper tells who it is within milliseconds of its start. */
const REPORT_LIMIT_MS = 5000

/**
 * Takes up what an earlier life of the service left unfinished: follows what lives, ends the rest on the record, with
 * its cause. Resolves with the runs that cannot be taken up at the moment, which is told.
 */
export async function adoptRuns(deps: AdoptDeps): Promise<RunRecord[]> {
  await deps.ledger.check()
  const left = await takeUpAll(deps.ledger.unfinished(), deps, (record, error) => {
    deps.logger.error({ run_id: record.runId, error: messageOf(error) }, 'run.adopt.fail')
  })
  tidy(deps)
  return left
}

/** Removes what a life that was killed right after a run's end did not come to remove. */
function tidy({ ledger, place, logger }: AdoptDeps): void {
  try {
    for (const runId of place.runs()) if (ledger.find(runId)?.outcome) place.forget(runId, logger)
  } catch (error) {
    logger.error({ error: messageOf(error) }, 'run.state.fail')
  }
}

/** Takes up each of these runs, and resolves with those for which that failed. */
export async function takeUpAll(
  records: Iterable<RunRecord>,
  deps: AdoptDeps,
  failed: (record: RunRecord, error: unknown) => void = () => undefined,
): Promise<RunRecord[]> {
  const left: RunRecord[] = []
  for (const record of records) {
    await takeUp(record, deps).catch((error: unknown) => {
      failed(record, error)
      left.push(record)
    })
  }
  return left
}

async function takeUp(record: RunRecord, deps: AdoptDeps): Promise<void> {
  const { table, live, place } = deps
  const { agent, wrapper } = await identitiesOf(record, deps)
  // Whoever told who the agent is has read them.
  place.tidy(record.runId)
  if (!agent || !wrapper) {
    if (record.logPath) settleTrailer(record.logPath, null, deps.logger)
    return end(record, deps, {
      outcome: 'failed_to_start',
      returnCode: null,
      cause: 'the service ended before the launch',
    })
  }
  const known = withLog(record, deps)
  const run = { runId: record.runId, agent, wrapper, logPath: known.logPath }
  if ((await table.isAlive(wrapper)) || (await table.isAlive(agent))) {
    live.adopt(known, { ...run, command: known.command, ranMs: await ageMs(agent, table) })
    return
  }
  const returnCode = await lastWord(run, deps)
  const isOfThisBoot = agent.bootId === table.bootId
  if (isOfThisBoot) await sweep(record.runId, agent, deps)
  await closeLog(run, returnCode, deps)
  const lost = 'its wrapper was killed while the service was down, so nobody knows its status'
  const how = endOf(null, returnCode, isOfThisBoot ? lost : 'the machine was restarted')
  end(
    record,
    deps,
    explain(how, run.logPath, deps.clock.now(), agentOnRecord(deps.agents, record.agent), deps),
  )
}

/** Stops what a run left behind. */
async function sweep(runId: string, agent: Identity, deps: AdoptDeps): Promise<void> {
  const { signalled: pids, survivors } = await stopTree(runId, agent, deps)
  if (pids.length + survivors.length > 0)
    deps.logger.warn({ run_id: runId, pids, survivors }, 'run.leftovers')
}

/** The record with its log, which is found by its name where the ledger could not be written at the launch. */
function withLog(record: RunRecord, { ledger, logDir }: AdoptDeps) {
  const { logPath, command } = record
  if (logPath !== null && command !== null) return { ...record, logPath, command }
  const found = findRunLog(logDir, record.requestId)
  if (!found) {
    // It was removed: then it is told by the name that it must have had.
    const name = runLogName(record.requestId, new Date(record.requestedAt))
    return { ...record, logPath: path.join(logDir, name), command: '' }
  }
  const facts = { logPath: found.path, command: found.command, headerBytes: found.headerBytes }
  ledger.step(record.runId, { ...facts, mirroredBytes: found.headerBytes })
  return { ...record, ...facts, mirroredBytes: found.headerBytes }
}

/** Who the run's processes are: from the ledger, else from the wrapper's state file. */
async function identitiesOf(record: RunRecord, { clock, place }: AdoptDeps) {
  const { agentIdentity: agent, wrapperIdentity: wrapper } = record
  if (agent && wrapper) return { agent, wrapper }
  const deadline = clock.monotonic() + REPORT_LIMIT_MS
  for (;;) {
    // Asked before reading: what a wrapper told before it was gone is then surely read.
    const mayTell = clock.monotonic() < deadline && (await place.isAnybodyToTell())
    const told = place.wordOf(record.runId)
    if (told.agent || !mayTell) return told
    // The service died right after the spawn: the wrapper is still about to tell.
    await clock.sleep(REPORT_POLL_MS)
  }
}

function end(record: RunRecord, { ledger, clock, place, logger }: AdoptDeps, how: RunEnd): void {
  const written = () => place.forget(record.runId, logger)
  const finish = { ...how, endedAt: clock.now(), outputBytes: null, tokensUsed: null }
  ledger.finish(record.runId, finish, written)
  logger.info({ request_id: record.requestId, run_id: record.runId, ...how }, 'run.end')
}
