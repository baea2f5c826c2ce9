import path from 'node:path'
import type { Logger } from 'pino'
import type { Agent } from '../agents/agent.ts'
import { type Agents, agentOnRecord } from '../agents/agents.ts'
import type { Said } from '../agents/said.ts'
import { messageOf } from '../base/errors.ts'
import { listen } from '../logs/listen.ts'
import { findRunLog, runLogName } from '../logs/run-log.ts'
import { checkIdOf, type Place } from '../places/place.ts'
import type { Identity } from '../processes/table.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'
import { ageMs } from './age.ts'
import { withBudget } from './budget/budget.ts'
import type { Days } from './budget/days.ts'
import { type Keeper, keepBudget } from './budget/keep.ts'
import { type NoteDeps, noteChanges } from './changes/note.ts'
import { type ExplainDeps, explain } from './explain.ts'
import { finallySaid } from './follow.ts'
import type { Holds } from './holds/holds.ts'
import type { Adopted, LiveRuns } from './live.ts'
import { endOf, type RunEnd } from './outcome.ts'
import { type StopTreeDeps, stopTree } from './stop-tree.ts'
import { isWell } from './verify/verdict.ts'
import { closeLog, lastWord, settleTrailer } from './watch.ts'
import type { Worktrees } from './worktrees/worktrees.ts'

/** What adoption needs. */
export interface AdoptDeps extends StopTreeDeps, ExplainDeps, Pick<NoteDeps, 'changes'> {
  readonly worktrees: Pick<Worktrees, 'settle' | 'sweep'>
  readonly ledger: Ledger
  readonly days: Days
  readonly env: () => NodeJS.ProcessEnv
  readonly live: LiveRuns
  readonly place: Place
  readonly agents: Agents
  readonly logDir: string
  readonly logger: Logger
  /** Is told of each run that had ended, before its end is on the record. */
  readonly quota?: Holds['ended']
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
  const failed = (record: RunRecord, error: unknown) =>
    deps.logger.error({ run_id: record.runId, error: messageOf(error) }, 'run.adopt.fail')
  const left = await takeUpAll(deps.ledger.unfinished(), deps, failed)
  left.push(...(await takeUpAll(await launchedFromLine(deps), deps, failed)))
  tidy(deps)
  await deps.changes?.tidy((runId) => deps.ledger.find(runId)?.outcome === null)
  const inUse = new Set([...deps.ledger.unfinished()].map(({ runId, worktree }) => worktree?.id ?? runId))
  await deps.worktrees.sweep((id) => inUse.has(id))
  return left
}

/** Runs that wait by the record alone: the service died between their launch and the note of it. */
async function launchedFromLine(deps: AdoptDeps): Promise<RunRecord[]> {
  const { ledger, place, clock } = deps
  if (ledger.waitingSlots().length === 0) return []
  const deadline = clock.monotonic() + REPORT_LIMIT_MS
  while (clock.monotonic() < deadline && (await place.isAnybodyToTell())) await clock.sleep(REPORT_POLL_MS)
  return place.runs().flatMap((runId) => {
    const record = ledger.find(runId)
    return record?.isWaiting ? [record] : []
  })
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
    // Its turn comes again.
    if (record.isWaiting) return place.forget(record.runId, deps.logger)
    return end(record, deps, {
      outcome: 'failed_to_start',
      returnCode: null,
      cause: 'the service ended before the launch',
    })
  }
  const known = withLog(record, deps)
  const run = { runId: record.runId, agent, wrapper, logPath: known.logPath, command: known.command }
  const checking = await checkUnderWay(record, deps)
  if (checking || (await table.isAlive(wrapper)) || (await table.isAlive(agent))) {
    live.adopt(known, { ...run, ranMs: await ageMs(agent, table), toCheck: checking })
    return
  }
  const returnCode = await lastWord(run, deps)
  const isOfThisBoot = agent.bootId === table.bootId
  if (isOfThisBoot) await sweep(record.runId, agent, deps)
  await closeLog(run, returnCode, deps)
  const lost = 'its wrapper was killed while the service was down, so nobody knows its status'
  const how = endOf(null, returnCode, isOfThisBoot ? lost : 'the machine was restarted')
  if (record.check && returnCode !== null && isWell(how)) {
    live.adopt(known, { ...run, ranMs: null, toCheck: { returnCode, begun: null } })
    return
  }
  await noteChanges(known, deps)
  const { worktree } = record
  if (worktree) deps.ledger.step(record.runId, { worktree: await deps.worktrees.settle(worktree) })
  const endedAt = deps.clock.now()
  const kind = agentOnRecord(deps.agents, record.agent)
  const { runId, budget, launchedAt, nearAt } = known
  const counted = { runId, kind, budget, since: launchedAt ?? known.requestedAt, nearAt }
  const keeper = keepBudget(counted, { ...deps, near: () => undefined }, AbortSignal.abort())
  const heard = await heardAll(known, kind, keeper, deps)
  keeper.spend(heard)
  const explained = explain(withBudget(how, keeper.atEnd(heard)), run.logPath, endedAt, kind, deps)
  const so = finallySaid(heard, explained)
  deps.ledger.step(record.runId, { said: so })
  deps.quota?.({ runId: record.runId, kind, end: explained, so, endedAt, logPath: run.logPath })
  end(record, deps, explained)
}

/** What an agent said of which nobody was there to hear it, by its log. */
function heardAll(
  {
    runId,
    sessionId,
    logPath,
    headerBytes: from,
  }: Pick<RunRecord, 'runId' | 'sessionId' | 'headerBytes'> & { readonly logPath: string },
  kind: Agent,
  { count, spend: told }: Pick<Keeper, 'count' | 'spend'>,
  { clock, ledger }: AdoptDeps,
): Promise<Said> {
  const whole = {
    reader: kind.read(),
    before: sessionId === null ? null : ledger.usageOf(sessionId, runId),
    count,
    told,
    complete: AbortSignal.abort(),
  }
  return listen({ logPath, from, clock, ...whole })
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

/** The check of a run, where an earlier life of the service had begun it. */
async function checkUnderWay({ runId, check }: RunRecord, deps: AdoptDeps): Promise<Adopted['toCheck']> {
  // Nothing is checked before the agent has ended, which its wrapper told then.
  const returnCode = check === null ? null : deps.place.wordOf(runId).status
  if (returnCode === null) return null
  const { agent, wrapper } = await toldBy(checkIdOf(runId), deps)
  deps.place.tidy(checkIdOf(runId))
  return agent && wrapper && { returnCode, begun: { agent, wrapper } }
}

/** Who the run's processes are: from the ledger, else from the wrapper's state file. */
async function identitiesOf(record: RunRecord, deps: AdoptDeps) {
  const { agentIdentity: agent, wrapperIdentity: wrapper } = record
  return agent && wrapper ? { agent, wrapper } : toldBy(record.runId, deps)
}

/** Who a wrapper and what it runs are, as it told, or is about to tell. */
async function toldBy(id: string, { clock, place }: AdoptDeps) {
  const deadline = clock.monotonic() + REPORT_LIMIT_MS
  for (;;) {
    // Asked before reading: what a wrapper told before it was gone is then surely read.
    const mayTell = clock.monotonic() < deadline && (await place.isAnybodyToTell())
    const told = place.wordOf(id)
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
