import { messageOf } from '../../base/errors.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { isPassing } from '../../runs/if-running.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import type { Runs } from '../../runs/runs.ts'
import { type CheckpointDeps, keepCheckpoint } from './checkpoint-round.ts'
import { beforeRound } from './governor.ts'
import { type Line, wantedOf } from './line.ts'
import { limitsOf, slotOf } from './loop.ts'
import type { Memory } from './memory.ts'
import type { OwnLoops } from './own-loops.ts'
import { type PrepareDeps, prepareRound } from './prepare.ts'
import type { Loop, LoopRecords, Round } from './records.ts'
import { promptOf, roundBody } from './round.ts'
import { decide, endRound, endWithoutRun, leastWait, type SettleDeps } from './settle.ts'

/** What a loop goes on with. */
export interface AdvanceDeps extends SettleDeps, PrepareDeps, CheckpointDeps {
  readonly records: LoopRecords
  readonly own: OwnLoops
  readonly runs: Pick<Runs, 'launchIfIdle' | 'live' | 'stop'>
  readonly ledger: Pick<Ledger, 'find' | 'list' | 'endedRun'>
  readonly defaults: RequestDefaults
  readonly line: Line
  memoryOf(loop: string): Memory
  newRequestId(): string
}

/** What is in the way is looked at again so often. */
const RETRY_MS = 1000
/** The end of a run, and of other waits, is heard of; nobody tells that the clock was set. */
const LOOK_MS = 30_000
/** The run of a round is among the latest so many of its slot. */
const LOOKED_AT = 50

/** Whether a loop does something by itself. */
export const isAtWork = ({ state, cause }: Pick<Loop, 'state' | 'cause'>): boolean =>
  ['starting', 'running', 'waiting'].includes(state) ||
  (state === 'paused' && (cause === 'quota' || cause === 'disk'))

/**
 * Brings a loop one step further: each stands on the record before its effect, so that the next life of the service goes on
 * from there. Resolves with for how long there is nothing more to do, in milliseconds.
 * @param loop one at work @param signal aborted: what is run before the round is ended @throws {LooperError} where it cannot be done now
 */
export async function advance(loop: Loop, deps: AdvanceDeps, signal: AbortSignal): Promise<number> {
  switch (loop.state) {
    case 'running':
      return runRound(loop, deps, signal)
    case 'paused':
      return lookAgain(loop, deps)
    default:
      return beginWhenDue(loop, deps)
  }
}

function beginWhenDue(loop: Loop, deps: AdvanceDeps): number {
  const { records, clock, logger } = deps
  const now = clock.now()
  const left = loop.dueAt - now
  // The clock was set back, or the interval was made shorter.
  if (left > leastWait(loop.definition)) {
    records.update(loop.name, { dueAt: now + leastWait(loop.definition) })
    return 0
  }
  if (left > 0) return Math.min(LOOK_MS, left)
  const decision = beforeRound(limitsOf(loop.definition), loop.tally, deps.moment(loop))
  if (decision.kind !== 'go_on') {
    decide(loop, decision, deps)
    return 0
  }
  const iteration = loop.tally.iterations + 1
  const begin = { iteration, startedAt: now, hint: loop.hint }
  records.beginRound(loop.name, { state: 'running', iteration, hint: '' }, begin)
  logger.info({ loop: loop.name, iteration }, 'loop.round')
  return 0
}

/** Of a loop that is held up by what may be over by now. */
function lookAgain(loop: Loop, deps: AdvanceDeps): number {
  const decision = beforeRound(limitsOf(loop.definition), loop.tally, deps.moment(loop))
  if (decision.kind === 'pause') return RETRY_MS
  decide(loop, decision, deps)
  return 0
}

async function runRound(loop: Loop, deps: AdvanceDeps, signal: AbortSignal): Promise<number> {
  const { name, wish } = loop
  const round = deps.records.openRound(name)
  if (round === null) throw new Error(`loop ${name} runs, and no round of it is on the record`)
  const run = runOf(name, round, deps)
  if (run === null && wish !== 'stop')
    return (await prepareRound(loop, round, deps, signal)) ? 0 : launch(loop, round, deps)
  if (run === null) endWithoutRun(loop, round, null, deps)
  else if (round.runId !== run.runId)
    deps.records.stepRound(name, round, { runId: run.runId }, { runId: run.runId, why: null })
  else if (run.outcome === null) return whileItLasts(loop, run, deps)
  else if (run.outcome === 'parked') return whileParked(loop, round, run, deps)
  else if (!(await keepCheckpoint(loop, { round, run }, deps, signal))) endRound(loop, round, run, deps)
  return 0
}

/** The run of a round; null: none was launched, as far as the record tells. */
function runOf(name: string, { runId, requestId }: Round, { ledger }: AdvanceDeps): RunRecord | null {
  if (runId !== null) return ledger.find(runId)
  const latest = ledger.list({ slot: slotOf(name), limit: LOOKED_AT })
  const found = latest.find((run) => run.requestId === requestId)
  // One that failed to start was put on the record, and no more.
  return found === undefined || found.outcome === 'failed_to_start' ? null : ledger.find(found.runId)
}

async function whileItLasts(
  { name, wish }: Loop,
  { runId }: RunRecord,
  { runs }: AdvanceDeps,
): Promise<number> {
  if (wish !== 'stop') return LOOK_MS
  await runs.stop(runId, `loop ${name} was stopped`)
  return RETRY_MS
}

/** Of a run that people are to answer first: the one that goes on with it is of the same round. One that is stopped never does. */
async function whileParked(
  { name, wish }: Loop,
  round: Round,
  { runId }: RunRecord,
  deps: AdvanceDeps,
): Promise<number> {
  if (wish === 'stop' && (await deps.runs.stop(runId, `loop ${name} was stopped`)) !== null) return 0
  const next = deps.ledger.endedRun(runId)?.continuedBy
  if (!next) return LOOK_MS
  deps.records.stepRound(name, round, { runId: next }, { runId: next })
  return 0
}

async function launch(loop: Loop, round: Round, deps: AdvanceDeps): Promise<number> {
  const { records, own, runs, clock, defaults, newRequestId, line } = deps
  const { name, definition } = loop
  const workspace = definition.workspace ?? defaults.workspace
  if (line.isBehind(name, workspace)) {
    line.wait(name, { workspace })
    return holdUp(loop, 'other loops came before it', deps)
  }
  try {
    const outcome = await runs.launchIfIdle(slotOf(name), async () => {
      const memory = deps.memoryOf(name)
      const persistent = memory.load('persistent', round.id)
      const working = memory.load('working', round.id)
      const [sent] = working === '' ? [] : memory.list('working', { before: null, limit: 1 })
      const prompt = promptOf(loop, { ...round, persistent, working })
      const isOwners = own.has(name)
      const origin = { requestId: newRequestId(), trigger: 'loop', caller: name, isOwners } as const
      const body = roundBody(loop, prompt, clock.now(), defaults.timeoutMs)
      const { request } = await prepareRun(body, origin, defaults)
      // Comes before the run itself is on the record, so that it is found by it.
      records.stepRound(name, round, { requestId: request.requestId, prompt, sentWorking: sent?.id ?? null })
      return request.launch
    })
    if (outcome.kind === 'no_room') throw outcome.why
    line.leave(name)
    if (outcome.kind === 'launched') return LOOK_MS
    return holdUp(loop, `something else runs in slot ${slotOf(name)}`, deps)
  } catch (error) {
    const why = messageOf(error)
    const wanted = wantedOf(error, workspace)
    if (wanted === null) line.leave(name)
    else line.wait(name, wanted)
    if (isPassing(error)) return holdUp(loop, why, deps)
    endWithoutRun(loop, round, why, deps)
    return 0
  }
}

/** Of a round whose run cannot begin yet: says why, once. */
function holdUp({ name, why: before }: Loop, why: string, { records, logger }: AdvanceDeps): number {
  if (why !== before) {
    records.update(name, { why })
    logger.warn({ loop: name, why }, 'loop.wait')
  }
  return RETRY_MS
}
