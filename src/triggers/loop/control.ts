import type { Clock } from '../../base/clock.ts'
import { LooperError } from '../../base/errors.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import { isAtWork } from './advance.ts'
import type { LoopCommands } from './commands.ts'
import type { Engine } from './engine.ts'
import { LOOP_IN_FILE, LOOP_NOT_FOUND, LOOP_NOT_RUNNING, LOOP_RUNNING } from './errors.ts'
import { NO_ROUNDS, resumed } from './governor.ts'
import type { LoopDefinition } from './loop.ts'
import type { Memory } from './memory.ts'
import { type OwnLoops, redefine } from './own-loops.ts'
import type { Loop, LoopRecords, Progress } from './records.ts'
import { NO_TEXTS, promptOf, roundBody } from './round.ts'
import { GO_ON, PAUSED, progressOf, STOPPED } from './settle.ts'

/** What people do with loops. All of it throws {LooperError} `LOOPER_LOOP_NOT_FOUND`, and `LOOPER_LEDGER_UNWRITABLE` where it writes. */
export interface Loops {
  all(): Loop[]
  named(name: string): Loop
  /** Makes a loop, or changes it from its next round on. @throws {LooperError} `LOOPER_EXECUTABLE_FORBIDDEN`, `LOOPER_FIELD_INVALID`, `LOOPER_LOOP_IN_FILE` */
  define(name: string, definition: LoopDefinition): Loop
  /** Begins with its first round; one that is paused goes on, one at work does so anyway. @throws {LooperError} what would keep a round from beginning; `LOOPER_STOP_FAILED` */
  start(name: string): Promise<Loop>
  /** Ends it, and what runs of it with all that this started; resolves when that is gone, or cannot be ended for a while. */
  stop(name: string): Promise<Loop>
  /** Lets it do nothing more when the round that runs is over. @throws {LooperError} `LOOPER_LOOP_NOT_RUNNING` */
  pause(name: string): Loop
  /** Lets it go on. @throws {LooperError} `LOOPER_LOOP_NOT_RUNNING` */
  resume(name: string): Loop
  /** Ends its wait for the next round. @throws {LooperError} `LOOPER_LOOP_NOT_RUNNING` */
  skip(name: string): Loop
  /** Says something to the next round alone; the later word takes the place of the earlier one. */
  hint(name: string, hint: string): Loop
  /**
   * Removes one that rests, with its rounds and its memories, as it was last; its checkpoints stay in their repository.
   * @throws {LooperError} `LOOPER_LOOP_RUNNING`, `LOOPER_LOOP_IN_FILE`, `LOOPER_LOOP_MEMORY_UNUSABLE`
   */
  remove(name: string): Loop
}

/** What they take. */
export interface LoopsDeps {
  readonly records: LoopRecords
  readonly own: OwnLoops
  readonly engine: Pick<Engine, 'wake' | 'interrupt' | 'atRest'>
  readonly commands: Pick<LoopCommands, 'check'>
  readonly defaults: RequestDefaults
  memoryOf(loop: string): Pick<Memory, 'drop'>
  newRequestId(): string
  readonly clock: Pick<Clock, 'now'>
}

/** An agent has its grace, its tools have theirs, and so has its log. */
const STOP_LIMIT_MS = 30_000

/** The loops of these records. */
export function createLoops({
  records,
  own,
  engine,
  commands,
  defaults,
  memoryOf,
  newRequestId,
  clock,
}: LoopsDeps): Loops {
  function named(name: string): Loop {
    const loop = records.find(name)
    if (loop === null) throw new LooperError(LOOP_NOT_FOUND, `there is no loop ${name}`)
    return loop
  }

  function change(name: string, progress: Partial<Progress>): Loop {
    records.update(name, progress)
    engine.wake(name)
    return named(name)
  }

  const isPaused = ({ state }: Loop) => state === 'paused'

  function atWork(name: string): Loop {
    const loop = named(name)
    if (isAtWork(loop) || isPaused(loop)) return loop
    const what = loop.state === 'ended' ? 'has ended' : 'was never started'
    throw new LooperError(LOOP_NOT_RUNNING, `loop ${name} ${what}`)
  }

  function goOn(name: string, { tally }: Loop): Loop {
    return change(name, { ...progressOf(GO_ON, clock.now(), 0), tally: resumed(tally) })
  }

  /** As it is when a stop that is under way is done: a start goes before no stop that came earlier. */
  async function afterStop(name: string): Promise<Loop> {
    if (named(name).wish !== 'stop') return named(name)
    await engine.atRest(name, STOP_LIMIT_MS)
    const loop = named(name)
    if (loop.wish === 'stop')
      throw new LooperError('LOOPER_STOP_FAILED', `loop ${name} is still being stopped`)
    return loop
  }

  function assertNotOwn(name: string): void {
    if (own.has(name))
      throw new LooperError(LOOP_IN_FILE, `what loop ${name} is stands in the config file, under "loops"`)
  }

  return {
    all: records.all,
    named,
    define(name, definition) {
      assertNotOwn(name)
      commands.check(definition)
      redefine(name, definition, records)
      engine.wake(name)
      return named(name)
    },
    async start(name) {
      const before = await afterStop(name)
      if (isPaused(before)) return goOn(name, before)
      if (isAtWork(before)) return before
      const first = { ...before, startedAt: null, iteration: 1, lastRunId: null }
      const body = roundBody(first, promptOf(first, NO_TEXTS), clock.now(), defaults.timeoutMs)
      // Whatever would keep every round from beginning is told to whoever is there now.
      const origin = {
        requestId: newRequestId(),
        trigger: 'loop',
        caller: name,
        isOwners: own.has(name),
      } as const
      await prepareRun(body, origin, defaults)
      const loop = named(name)
      // Somebody else started it meanwhile.
      if (isAtWork(loop)) return loop
      const now = clock.now()
      const fresh = { ...progressOf(GO_ON, now, 0), iteration: 0, tally: NO_ROUNDS, lastRunId: null }
      return change(name, { ...fresh, state: 'starting', startedAt: now })
    },
    async stop(name) {
      const loop = named(name)
      if (loop.state === 'running') {
        change(name, { wish: 'stop' })
        engine.interrupt(name)
        await engine.atRest(name, STOP_LIMIT_MS)
        return named(name)
      }
      if (!isAtWork(loop) && !isPaused(loop)) return loop
      return change(name, progressOf(STOPPED, clock.now(), 0))
    },
    pause(name) {
      const loop = atWork(name)
      if (loop.state === 'running') return change(name, { wish: loop.wish ?? 'pause' })
      return change(name, progressOf(PAUSED, clock.now(), 0))
    },
    resume(name) {
      const loop = atWork(name)
      if (isPaused(loop)) return goOn(name, loop)
      return change(name, { wish: loop.wish === 'pause' ? null : loop.wish })
    },
    skip(name) {
      const loop = atWork(name)
      return loop.state === 'waiting' ? change(name, { dueAt: clock.now() }) : loop
    },
    remove(name) {
      assertNotOwn(name)
      const loop = named(name)
      if (isAtWork(loop)) throw new LooperError(LOOP_RUNNING, `loop ${name} is ${loop.state}`)
      // First, so that nothing of it is left whose loop nobody knows any more.
      memoryOf(name).drop()
      records.remove(name)
      return loop
    },
    hint(name, hint) {
      named(name)
      records.update(name, { hint })
      return named(name)
    },
  }
}
