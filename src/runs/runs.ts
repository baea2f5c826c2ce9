import { checkFreeSpace } from '../base/disk.ts'
import { LooperError } from '../base/errors.ts'
import { createNews } from '../base/news.ts'
import type { StopReport } from '../processes/stop.ts'
import { createAdoption } from './adoption.ts'
import { createBeginnings, footprintOf } from './beginnings.ts'
import type { Days } from './budget/days.ts'
import { holdBack } from './holds/hold-back.ts'
import { agentHeld, createHolds, type Holds } from './holds/holds.ts'
import { mayWait } from './if-running.ts'
import { createIntents } from './intents.ts'
import { createLiveRuns, type LiveDeps } from './live.ts'
import { lookAt, type Obstacle, type Occupation } from './occupation.ts'
import type { Ending } from './outcome.ts'
import { type ParkedRuns, parkedRuns } from './parked.ts'
import { type Plan, planOf } from './plan.ts'
import { noRoom, type Wanted } from './room.ts'
import type { LaunchRequest, Run, RunRequest } from './run.ts'
import { assertOpen, calledOff } from './sequence.ts'
import type { Release, Slot } from './slot.ts'
import { createSlots, DEFAULT_SLOT, type SlotState } from './slots.ts'
import type { IdleOutcome, Started } from './started.ts'
import { stopAll, stopOne } from './stop-runs.ts'
import { type TakeTurn, takingTurns } from './turns.ts'
import { createLine } from './waiting.ts'

/** The heart: a trigger asks for a run; in each slot at most one launch happens at a time; a new run replaces the old one. */
export interface Runs extends ParkedRuns {
  /** Follows or ends what an earlier life of the service left unfinished. Launches wait for it. Never rejects. */
  adopt(): Promise<void>
  /** Resolves when {@link adopt} is done: before, the record does not yet tell what became of earlier runs. */
  adopted(): Promise<void>
  /**
   * Takes the slot and begins; what follows is told by `done`: the announcement, the stop of every live agent, the
   * launch, and whether the agent stays up.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_WORKSPACE_BUSY`, `LOOPER_MAX_RUNS`, `LOOPER_BUDGET_SPENT`, `LOOPER_DISK_FULL`,
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
  /** Begins with the run that is the first to wait for a slot, where that is free. Never rejects. */
  readonly next: TakeTurn
  /** The agents whose usage limit is reached; nothing of them is launched until then. */
  readonly holds: Holds
  /** What runs use day by day, and may. */
  readonly days: Days
  /** Resolves when a slot may have become free, or something began to wait, after this was called. */
  changed(): Promise<void>
  /** Something was put into the line of a slot on the record: what may begin begins. */
  wake(): void
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
  const { clock, ledger, logger, days } = deps
  const slots = createSlots()
  const { next: nextChange, tell: changed } = createNews()
  const holds = createHolds({ ...deps, changed })
  const quota = holds.ended
  const live = createLiveRuns({ ...deps, quota, ended: changed })
  const closing = new AbortController()
  const adoption = createAdoption({ ...deps, quota, live })
  const isLive = (runId: string) => live.all().some((run) => run.runId === runId)
  const intents = createIntents(deps, isLive)
  const sequence = { ...deps, live, closing: closing.signal }
  const beginnings = createBeginnings({ clock, logger, intents, holds, days, assertFits, changed, sequence })
  const line = createLine({ ...deps, intents })
  const { minFreeMb } = deps
  const next = takingTurns({ ...sequence, slots, line, holds, beginnings, minFreeMb, misfit, open })
  let isHandedOver = false

  /** What lives in a slot, and what waits for it. */
  async function living(slot: string): Promise<Occupation> {
    const now = await lookAt(live.seenFrom(slot), deps)
    if (now.obstacle !== null || ledger.nextWaiting(slot, holds.agents()) === null) return now
    return { ...now, obstacle: 'waiting' }
  }

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

  /** @throws {LooperError} where nothing at all may be launched now */
  function assertLaunchable(): void {
    const spent = days.refusal()
    if (spent) throw spent
    checkFreeSpace(deps.logDir, minFreeMb)
  }

  function assertFits(wanted: Wanted): void {
    const why = misfit(wanted)
    if (why) throw why
  }

  /** Takes the slot for a request that replaces nothing, or says what is in the way. */
  async function takeIdle(slot: Slot, name: string): Promise<Release | Obstacle> {
    const release = slot.take()
    if (!release) return 'busy'
    try {
      const { obstacle } = await living(name)
      if (obstacle === null) return release
      release()
      changed()
      return obstacle
    } catch (error) {
      release()
      throw error
    }
  }

  async function startIdle(request: RunRequest, slot: Slot): Promise<Started> {
    const { launch, ifRunning } = request
    const taken = await takeIdle(slot, request.slot)
    const waits = launch !== null && mayWait(ifRunning)
    if (typeof taken !== 'string') {
      if (!waits || misfit(launch) === null)
        return { kind: 'started', ...beginnings.begin(request, slot, taken) }
      taken()
    } else if (!waits) return { kind: 'skipped', obstacle: taken }
    const waiting = line.add(request, launch)
    changed()
    return waiting
  }

  return {
    adopt: adoption.begin,

    adopted: adoption.over,

    async start(request, whenBusy = 'refuse') {
      await open()
      const { launch, ifRunning } = request
      if (launch) assertLaunchable()
      const held = launch && holds.of(launch.agent.name)
      if (held) {
        const started = await holdBack(request, launch, held, { line, ledger, occupation })
        changed()
        return started
      }
      const slot = slots.named(request.slot)
      if (mayWait(ifRunning)) return startIdle(request, slot)
      if (slot.taken && whenBusy === 'wait')
        return { kind: 'started', ...beginnings.begin(request, slot, null) }
      if (ifRunning === 'skip') return startIdle(request, slot)
      const release = slot.take()
      if (!release) throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
      return { kind: 'started', ...beginnings.begin(request, slot, release) }
    },

    async plan(request) {
      await open()
      const { launch } = request
      if (launch) assertLaunchable()
      const held = launch && holds.of(launch.agent.name)
      if (held && launch.onQuota === 'fail') throw agentHeld(held)
      const noRoom = launch && misfit(launch)
      if (noRoom && !held && !mayWait(request.ifRunning)) throw noRoom
      const { own } = live.seenFrom(request.slot)
      const now = await occupation(request.slot)
      return planOf(request, own, now, { hasNoRoom: noRoom !== null, isHeld: held !== null }, deps)
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
        const held = holds.of(request.agent.name)
        if (held) return { kind: 'no_room', why: agentHeld(held) }
        checkFreeSpace(deps.logDir, deps.minFreeMb)
        assertOpen(closing.signal)
        const why = days.refusal() ?? misfit(request)
        if (why) return { kind: 'no_room', why }
        const runId = intents.record(request)
        const { requestId } = request
        const calledOff = new AbortController()
        const footprint = footprintOf(request, runId)
        slot.occupy({ requestId, runId, since: clock.now(), step: 'launch', calledOff, footprint })
        const launched = live.launch(runId, request)
        holds.begins(request.agent.name, runId, launched)
        return { kind: 'launched', run: await intents.onRecord(runId, launched) }
      } finally {
        release()
        changed()
      }
    },

    next,

    holds,

    days,

    changed: nextChange,
    wake: changed,

    async stop(runId, cause) {
      await adoption.settled()
      const holding = slots.taken().find(([, { occupant }]) => occupant?.runId === runId)
      const waiting = slots.taken().find(([, slot]) => slot.waiting?.runId === runId)
      const one = holding?.[1].occupant ?? waiting?.[1].waiting
      const isToCome = one && !isLive(runId)
      if (isToCome) {
        one.calledOff.abort(cause)
        await (beginnings.of(one) ?? holding?.[1].released())
      }
      const run = live.all().find((candidate) => candidate.runId === runId)
      if (run) {
        one?.calledOff.abort(cause)
        const why: Ending = { outcome: 'stopped', cause }
        return stopOne(run, why, deps, logger).finally(() => run.expectNoEnd(why))
      }
      if (ledger.find(runId)?.isWaiting) line.end(runId, calledOff(cause))
      else if (!isToCome && !ledger.abandon(runId, cause)) return null
      return { signalled: [], survivors: [] }
    },

    ...parkedRuns({ ...sequence, settled: adoption.settled, changed }),

    occupation,

    slots: () => slots.states(live.all()),

    live: () => live.all(),

    async handOver() {
      isHandedOver = true
      line.leave()
      adoption.leave()
      await adoption.over()
      await slots.free()
    },

    async close() {
      closing.abort()
      line.leave()
      adoption.leave()
      await adoption.over()
      await beginnings.over()
      await slots.free()
      const why: Ending = { outcome: 'stopped', cause: 'the service was shut down' }
      const all = { slot: DEFAULT_SLOT, own: live.all(), others: [], launching: [] }
      await stopAll(all, why, { ...deps, scope: 'own' }, logger)
    },
  }
}
