import type { Logger } from 'pino'
import type { Agents } from '../../../agents/agents.ts'
import type { ProgramPlaces } from '../../../agents/binary.ts'
import { messageOf } from '../../../base/errors.ts'
import { createTurns } from '../../../base/turns.ts'
import type { Ledger } from '../../../record/ledger.ts'
import type { Loops } from '../control.ts'
import type { LoopDefinition } from '../loop.ts'
import type { Memory } from '../memory.ts'
import { checkMemories, writeMemories } from '../memory-texts.ts'
import type { LoopRecords } from '../records.ts'
import type { LoopSteps } from '../steps.ts'
import { changedBy, configOf, type RunnerChange, type RunnerConfig } from './config.ts'
import { firstDefinition } from './first.ts'
import { createHearing, type RunnerHearing } from './hearing.ts'
import { historyOf, type RunnerHistory, type RunnerState, stateOf } from './state.ts'

/** The one loop that Loop Runner's users know. */
export const RUNNER_LOOP = 'default'

/** That loop, in their words. It need not be there: what is read is what it would be, and the first change makes it. */
export interface Runner extends Pick<RunnerHearing, 'connected' | 'subscribe'> {
  config(): RunnerConfig
  state(): RunnerState
  history(): RunnerHistory
  /** @throws {LooperError} where a field is wrong, and nothing is changed then */
  change(change: RunnerChange): RunnerConfig
  /** Does nothing where it runs already. @throws {LooperError} what would keep an iteration from beginning; that is told as well */
  start(): Promise<void>
  /** Resolves when nothing of it is left. Does nothing where it does not run. */
  stop(): Promise<void>
}

/** What it takes. */
export interface RunnerDeps {
  readonly loops: Pick<Loops, 'define' | 'start' | 'stop'>
  readonly records: Pick<LoopRecords, 'find' | 'rounds' | 'newestRound'>
  readonly steps: LoopSteps
  readonly memory: Pick<Memory, 'read' | 'check' | 'write'>
  readonly ledger: Pick<Ledger, 'find'>
  readonly agents: Agents
  readonly places: ProgramPlaces
  readonly logger: Logger
}

/** The loop of these records. */
export function createRunner({
  loops,
  records,
  steps,
  memory,
  ledger,
  agents,
  places,
  logger,
}: RunnerDeps): Runner {
  // A start takes a moment, and a stop some: neither may be lost in the other.
  const inTurn = createTurns()
  const newest = () => records.rounds(RUNNER_LOOP, { limit: 1, before: Number.MAX_SAFE_INTEGER })[0] ?? null
  const found = () => records.find(RUNNER_LOOP)
  const definition = (): LoopDefinition => found()?.definition ?? firstDefinition(agents, places)
  const history = () => historyOf(records, RUNNER_LOOP)

  function config(): RunnerConfig {
    const round = records.newestRound(RUNNER_LOOP)
    const working = memory.read('working', round).text
    return configOf(definition(), { working, persistent: memory.read('persistent', round).text }, agents)
  }

  function state(past: RunnerHistory): RunnerState {
    const runId = newest()?.runId ?? null
    const run = runId === null ? null : ledger.find(runId)
    return stateOf(found(), run?.sessionId ?? null, past)
  }

  const hearing = createHearing({
    steps,
    name: RUNNER_LOOP,
    config,
    state: () => state(historyOf(records, RUNNER_LOOP, 1)),
    logger,
  })

  return {
    connected: hearing.connected,
    subscribe: hearing.subscribe,
    config,
    state: () => state(history()),
    history,
    change(change) {
      const next = changedBy(change, definition(), agents)
      checkMemories(memory, change)
      hearing.changing(() => {
        loops.define(RUNNER_LOOP, next)
        writeMemories(memory, change, records.newestRound(RUNNER_LOOP))
        steps.noteChange(RUNNER_LOOP)
      })
      return config()
    },
    start: () =>
      inTurn(async () => {
        try {
          if (found() === null) loops.define(RUNNER_LOOP, definition())
          await loops.start(RUNNER_LOOP)
        } catch (error) {
          hearing.failed(messageOf(error))
          throw error
        }
      }),
    stop: () =>
      inTurn(async () => {
        if (found() !== null) await loops.stop(RUNNER_LOOP)
      }),
  }
}
