import { checkFreeSpace } from '../base/disk.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import type { StopReport } from '../processes/stop.ts'
import { createAdoption } from './adoption.ts'
import { createIntents } from './intents.ts'
import { createLiveRuns, type LiveDeps } from './live.ts'
import { lookAt, type Obstacle, type Occupation } from './occupation.ts'
import type { Ending } from './outcome.ts'
import { type Plan, planOf } from './plan.ts'
import { runsOf } from './reset.ts'
import { type Footprint, noRoom, type Wanted } from './room.ts'
import type { LaunchRequest, Run, RunRequest, RunResult } from './run.ts'
import { assertOpen, sequenceOf } from './sequence.ts'
import type { Occupant, Release, Slot } from './slot.ts'
import { createSlots, DEFAULT_SLOT, type SlotState } from './slots.ts'
import { stopAll, stopOne } from './stop-runs.ts'

/** What came of the idle launch. */
export type IdleOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: Obstacle | 'declined' }
  /** What is in other slots is in the way. */
  | { readonly kind: 'no_room'; readonly why: LooperError }

/** What became of a request at once. */
export type Started =
  /** It has taken the slot, or waits for it. `runId` is null where nothing will be launched. */
  | { readonly kind: 'started'; readonly runId: string | null; readonly done: Promise<RunResult> }
  /** It asked to be skipped where something runs, and something does. */
  | { readonly kind: 'skipped'; readonly obstacle: Obstacle }

/** The heart: a trigger asks for a run; in each slot at most one launch happens at a time; a new run replaces the old one. */
export interface Runs {
  /** Follows or ends what an earlier life of the service left unfinished. Launches wait for it. Never rejects. */
  adopt(): Promise<void>
  /** Resolves when {@link adopt} is done: before, the record does not yet tell what became of earlier runs. */
  adopted(): Promise<void>
  /**
   * Takes the slot and begins; what follows is told by `done`: the announcement, the stop of every live agent, the
   * launch, and whether the agent stays up.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_WORKSPACE_BUSY`, `LOOPER_MAX_RUNS`, `LOOPER_DISK_FULL`,
   * `LOOPER_LEDGER_UNWRITABLE`, `LOOPER_SHUTTING_DOWN`; `done` rejects with `LOOPER_NOTICE_FAILED`, `LOOPER_AGENT_EXITED_EARLY`, `LOOPER_RUN_CANCELLED`, and what launching throws
   * @param whenBusy what to do while another launch holds the slot. What waits is on the record at once; a newer request
   * that waits takes its place (`LOOPER_BUSY`, told by `done`)
   */
  start(request: RunRequest, whenBusy?: 'refuse' | 'wait'): Promise<Started>
  /** What a request would do now. @throws {LooperError} what would keep it from beginning */
  plan(request: RunRequest): Promise<Plan>
  /**
   * Launches without notice and without stopping anything, if nobody launches in the slot, no agent lives there, and `prepare`
   * does not decline with null.
   */
  launchIfIdle(slot: string, prepare: () => Promise<LaunchRequest | null>): Promise<IdleOutcome>
  /**
   * Ends a run with everything it started, or calls it off before its launch; resolves when the end is verified and on
   * the record. Null where no such run lives or is being launched. @throws {LooperError} `LOOPER_BUSY`
   */
  stop(runId: string, cause: string): Promise<StopReport | null>
  /** What lives now in a slot; the default one has, with the machine as stop scope, all strangers too. Looks at the process table. */
  occupation(slot?: string): Promise<Occupation>
  /** The default slot first, then all others in which there is anything. */
  slots(): readonly SlotState[]
  /** The runs of this service that have not ended. */
  live(): readonly Run[]
  /** Launches nothing more, stops every run of this service, and resolves when nothing of them is left. */
  close(): Promise<void>
  /** Takes no more requests; resolves when those that it took are launched. Every run lives on. */
  handOver(): Promise<void>
}

/** What the heart is made of. */
export interface RunsDeps extends LiveDeps {
  /** Less free space than this, and nothing is launched. */
  readonly minFreeMb: number
  /** So many slots may have a run at a time. */
  readonly maxRuns: number
}

/** Assembles the heart. */
export function createRuns(deps: RunsDeps): Runs {
  const { clock, ledger, logger } = deps
  const slots = createSlots()
  const live = createLiveRuns(deps)
  const closing = new AbortController()
  const sequenceDeps = { ...deps, live, closing: closing.signal }
  const adoption = createAdoption({ ...deps, live })
  const isLive = (runId: string) => live.all().some((run) => run.runId === runId)
  const { record, onRecord } = createIntents(deps, isLive)
  let isHandedOver = false
  /** What is under way, in whatever slot. */
  const begun = new Map<Occupant, Promise<unknown>>()

  const living = (slot: string) => lookAt(runsOf(slot, live.all()), deps)

  async function occupation(slot = DEFAULT_SLOT): Promise<Occupation> {
    const now = await living(slot)
    return slots.named(slot).taken ? { ...now, obstacle: 'busy' } : now
  }

  /** Waits for what an earlier life left, and for nothing where the service is about to end. */
  async function open(): Promise<void> {
    await adoption.settled()
    await ledger.unlocked()
    assertOpen(closing.signal)
    if (isHandedOver) throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is restarting')
  }

  /** Why a launch may not begin beside what is in other slots; null where it may. */
  function misfit(wanted: Wanted): LooperError | null {
    const launching = slots.taken().flatMap(([, { occupant }]) => occupant?.footprint ?? [])
    return noRoom(wanted, [...live.all(), ...launching], deps.maxRuns)
  }

  function assertFits(wanted: Wanted): void {
    const why = misfit(wanted)
    if (why) throw why
  }

  /** Takes the slot for a request, or says what is in the way. */
  async function enter(request: RunRequest, slot: Slot): Promise<{ release: Release } | Started> {
    const { ifRunning } = request
    const release = slot.take()
    if (!release) {
      if (ifRunning === 'skip') return { kind: 'skipped', obstacle: 'busy' }
      throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
    }
    if (ifRunning === 'replace') return { release }
    try {
      const { obstacle } = await living(request.slot)
      if (obstacle === null) return { release }
      release()
      return { kind: 'skipped', obstacle }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Puts a request on the record, and begins; where it has not got the slot, when its turn comes. */
  function begin(request: RunRequest, slot: Slot, taken: Release | null): Started {
    const { requestId, caller, launch } = request
    const log = logger.child({ request_id: requestId, caller })
    const since = clock.now()
    let occupant: Occupant
    try {
      // Nothing is awaited from the look at other slots until everybody else sees what is taken.
      if (taken && launch) assertFits(launch)
      const runId = launch && record(launch)
      const calledOff = new AbortController()
      occupant = { requestId, runId, since, step: 'notice', calledOff, footprint: null }
      if (taken) {
        occupant.footprint = footprintOf(launch, runId)
        slot.occupy(occupant)
      }
    } catch (error) {
      taken?.()
      throw error
    }
    const { runId } = occupant
    const sequence = sequenceOf(occupant, sequenceDeps, log)
    const go = () => (launch && runId ? sequence.replace(request, launch, runId) : sequence.stopOnly(request))
    let release = taken
    const wait = async () => {
      release = await sequence.waitFor((over) => slot.turn(occupant, over))
      if (launch) assertFits(launch)
      occupant.footprint = footprintOf(launch, runId)
      return go()
    }
    const work = taken ? go() : wait()
    const done = (runId ? onRecord(runId, work) : work)
      .finally(() => {
        begun.delete(occupant)
        release?.()
      })
      .then(
        (result) => {
          log.info({ pid: result.run?.agent.pid, log_path: result.run?.logPath }, 'run.success')
          return result
        },
        (error: unknown) => {
          log.error({ error: messageOf(error) }, 'run.fail')
          throw error
        },
      )
    begun.set(
      occupant,
      done.catch(() => undefined),
    )
    return { kind: 'started', runId, done }
  }

  return {
    adopt: adoption.begin,

    adopted: adoption.over,

    async start(request, whenBusy = 'refuse') {
      await open()
      if (request.launch) checkFreeSpace(deps.logDir, deps.minFreeMb)
      const slot = slots.named(request.slot)
      if (slot.taken && whenBusy === 'wait') return begin(request, slot, null)
      const entered = await enter(request, slot)
      return 'release' in entered ? begin(request, slot, entered.release) : entered
    },

    async plan(request) {
      await open()
      if (request.launch) {
        checkFreeSpace(deps.logDir, deps.minFreeMb)
        assertFits(request.launch)
      }
      const { own } = runsOf(request.slot, live.all())
      return planOf(request, own, await occupation(request.slot), deps)
    },

    async launchIfIdle(name, prepare) {
      await open()
      const slot = slots.named(name)
      const release = slot.take()
      if (!release) return { kind: 'busy' }
      try {
        const { obstacle } = await living(name)
        if (obstacle) return { kind: obstacle }
        const request = await prepare()
        if (!request) return { kind: 'declined' }
        checkFreeSpace(deps.logDir, deps.minFreeMb)
        assertOpen(closing.signal)
        const why = misfit(request)
        if (why) return { kind: 'no_room', why }
        const runId = record(request)
        const { requestId } = request
        const calledOff = new AbortController()
        const footprint = footprintOf(request, runId)
        slot.occupy({ requestId, runId, since: clock.now(), step: 'launch', calledOff, footprint })
        return { kind: 'launched', run: await onRecord(runId, live.launch(runId, request)) }
      } finally {
        release()
      }
    },

    async stop(runId, cause) {
      await adoption.settled()
      const holding = slots.taken().find(([, { occupant }]) => occupant?.runId === runId)
      const waiting = slots.taken().find(([, slot]) => slot.waiting?.runId === runId)
      const one = holding?.[1].occupant ?? waiting?.[1].waiting
      const isToCome = one && !isLive(runId)
      if (isToCome) {
        one.calledOff.abort(cause)
        await (begun.get(one) ?? holding?.[1].released())
      }
      const run = live.all().find((candidate) => candidate.runId === runId)
      if (run) {
        one?.calledOff.abort(cause)
        const why: Ending = { outcome: 'stopped', cause }
        return stopOne(run, why, deps, logger).finally(() => run.expectNoEnd(why))
      }
      return isToCome ? { signalled: [], survivors: [] } : null
    },

    occupation,

    slots: () => slots.states(live.all()),

    live: () => live.all(),

    async handOver() {
      isHandedOver = true
      adoption.leave()
      await adoption.over()
      await slots.free()
    },

    async close() {
      closing.abort()
      adoption.leave()
      await adoption.over()
      await Promise.all(begun.values())
      await slots.free()
      const why: Ending = { outcome: 'stopped', cause: 'the service was shut down' }
      const all = { slot: DEFAULT_SLOT, own: live.all(), others: [] }
      await stopAll(all, why, { ...deps, scope: 'own' }, logger)
    },
  }
}

/** What a launch takes; null where nothing will be launched. */
const footprintOf = (launch: LaunchRequest | null, runId: string | null): Footprint | null =>
  launch && runId !== null ? { ...launch, runId } : null
