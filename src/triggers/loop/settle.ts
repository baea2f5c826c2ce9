import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { LooperError } from '../../base/errors.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { afterRound, counted, type Decision, type Moment, type RoundFacts } from './governor.ts'
import { intervalOf, type LoopDefinition, limitsOf } from './loop.ts'
import type { Memory } from './memory.ts'
import { MEMORY_UNUSABLE } from './memory-errors.ts'
import type { Loop, LoopRecords, Progress, Round } from './records.ts'
import { endedByItself, factsOf } from './round.ts'

/** What ending a round takes. */
export interface SettleDeps {
  readonly records: Pick<LoopRecords, 'find' | 'stepRound' | 'update'>
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  moment(loop: Loop): Moment
  memoryOf(loop: string): Pick<Memory, 'find' | 'remove'>
}

/** After a round without a run: what keeps it from having one comes from elsewhere, and would be asked for without an end. */
const LEAST_WAIT_MS = 1000
/** What becomes of a loop that nobody wants anything of. */
export const GO_ON = { kind: 'go_on' } as const
/** What becomes of one that somebody stops. */
export const STOPPED = { kind: 'end', cause: 'stopped', why: 'somebody stopped it' } as const
/** What becomes of one that somebody pauses. */
export const PAUSED = { kind: 'pause', cause: 'asked', why: 'somebody paused it' } as const

/** How far a loop is after a decision. Pure. @param waitMs until its next round, where there is one */
export function progressOf(decision: Decision, now: number, waitMs: number): Partial<Progress> {
  switch (decision.kind) {
    case 'go_on':
      return { state: 'waiting', wish: null, cause: null, why: null, untoldAt: null, dueAt: now + waitMs }
    case 'pause':
      return { state: 'paused', wish: null, cause: decision.cause, why: decision.why, untoldAt: now }
    case 'end':
      return { state: 'ended', wish: null, cause: decision.cause, why: decision.why, untoldAt: now }
  }
}

/** Puts a decision about a loop between its rounds on the record. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function decide({ name }: Loop, decision: Decision, { records, clock, logger }: SettleDeps): void {
  records.update(name, progressOf(decision, clock.now(), 0))
  tell(name, decision, logger)
}

/** Ends a round whose run has ended, and decides what becomes of the loop. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function endRound(loop: Loop, round: Round, run: RunRecord, deps: SettleDeps): void {
  const facts = factsOf(run)
  const isOwnEnd = endedByItself(run)
  const stopped = isOwnEnd ? null : (run.cause ?? 'its run was ended')
  const { runId, sessionId } = run
  settle(loop, round, { facts, isOwnEnd, runId, sessionId, error: facts.failure ?? stopped }, deps)
}

/** Ends a round for which there was nothing to do: it counts for nothing. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function endSkipped(loop: Loop, round: Round, { records, clock, logger }: SettleDeps): void {
  const { name, definition } = loop
  const now = clock.now()
  const decision = decisionOf(loop, records, () => GO_ON)
  records.stepRound(name, round, { endedAt: now }, progressOf(decision, now, leastWait(definition)))
  logger.info({ loop: name, iteration: round.iteration }, 'loop.round.skip')
  tell(name, decision, logger)
}

/** The same for one for which nothing could be launched. @param error why, in a sentence; null: the loop was stopped before */
export function endWithoutRun(loop: Loop, round: Round, error: string | null, deps: SettleDeps): void {
  const facts: RoundFacts = {
    reply: '',
    verdict: null,
    failure: error,
    isQuota: false,
    isChanged: false,
    tokens: 0,
    costUsd: 0,
  }
  settle(
    loop,
    round,
    { facts, isOwnEnd: error !== null, runId: null, sessionId: null, error: error ?? STOPPED.why },
    deps,
  )
}

interface Ended {
  readonly facts: RoundFacts
  /** Somebody else's end tells nothing of the loop. */
  readonly isOwnEnd: boolean
  readonly runId: string | null
  readonly sessionId: string | null
  readonly error: string | null
}

function settle(
  loop: Loop,
  round: Round,
  { facts, isOwnEnd, runId, sessionId, error }: Ended,
  deps: SettleDeps,
): void {
  const { records, clock, logger } = deps
  const { name, definition } = loop
  const now = clock.now()
  const { tokens, costUsd, verdict, isChanged } = facts
  const before = loop.tally
  const tally = isOwnEnd
    ? counted(before, facts)
    : {
        ...before,
        iterations: before.iterations + 1,
        tokens: before.tokens + tokens,
        costUsd: before.costUsd + costUsd,
      }
  const word = definition.completion_word ?? null
  const decision = decisionOf(loop, records, () =>
    isOwnEnd ? afterRound(limitsOf(definition), tally, { facts, word, moment: deps.moment(loop) }) : GO_ON,
  )
  const isWell = isOwnEnd && error === null
  if (isWell) clearSent(name, round, deps)
  const response = facts.reply === '' ? null : facts.reply
  records.stepRound(
    name,
    round,
    { runId, endedAt: now, response, error, verdict, tokens, costUsd, isChanged },
    {
      ...progressOf(decision, now, runId === null ? leastWait(definition) : intervalOf(definition)),
      runId: null,
      tally,
      // What went wrong must not stand in the next prompt as if it were an answer, nor be gone on with.
      ...(isWell && response !== null && { lastOutput: response }),
      lastRunId: isWell && sessionId !== null ? runId : null,
    },
  )
  logger.info({ loop: name, iteration: round.iteration, run_id: runId, error, verdict }, 'loop.round.end')
  tell(name, decision, logger)
}

/** Takes what the round was sent out of the working memory; what was written meanwhile is for the next one. */
function clearSent(name: string, { id, sentWorking }: Round, { memoryOf, logger }: SettleDeps): void {
  if (sentWorking === null) return
  const memory = memoryOf(name)
  try {
    memory.remove('working', memory.find(sentWorking)?.text ?? '', { by: 'loop', round: id })
  } catch (error) {
    if (!(error instanceof LooperError) || error.code !== MEMORY_UNUSABLE.code) throw error
    logger.warn({ loop: name, error: error.message }, 'loop.memory.fail')
  }
}

/** The wait after a round that may have had no run, in milliseconds. */
export const leastWait = (definition: LoopDefinition): number =>
  Math.max(LEAST_WAIT_MS, intervalOf(definition))

/** What somebody wants goes before what the governor lets go on; it may have been said while the round was ending. */
function decisionOf({ name }: Loop, records: Pick<LoopRecords, 'find'>, govern: () => Decision): Decision {
  const wish = records.find(name)?.wish
  if (wish === 'stop') return STOPPED
  const decision = govern()
  return decision.kind === 'go_on' && wish === 'pause' ? PAUSED : decision
}

function tell(loop: string, decision: Decision, logger: Logger): void {
  if (decision.kind === 'go_on') return
  const { kind, cause, why } = decision
  logger.info({ loop, cause, why }, kind === 'end' ? 'loop.end' : 'loop.pause')
}
