import { randomUUID } from 'node:crypto'
import { checkFreeSpace } from '../base/disk.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import type { StopReport } from '../processes/stop.ts'
import { createAdoption } from './adoption.ts'
import { createLiveRuns, type LiveDeps } from './live.ts'
import { type Ending, unstarted } from './outcome.ts'
import { type Plan, planOf } from './plan.ts'
import { findAgents } from './reset.ts'
import type { LaunchRequest, Run, RunRequest, RunResult } from './run.ts'
import { assertOpen, sequenceOf } from './sequence.ts'
import { createSlot, type Occupant, type Release } from './slot.ts'
import { stopAll, stopOne } from './stop-runs.ts'

/** Why nothing new may be launched beside what there is: a launch under way, or a live agent. */
export type Obstacle = 'busy' | 'live'

/** What callers are told of an obstacle. */
export const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  busy: 'another launch is in progress',
  live: 'an agent is running',
}

/** What came of the idle launch. */
export type IdleOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: Obstacle | 'declined' }

/** What became of a request at once. */
export type Started =
  /** It has taken the slot, or waits for it. `runId` is null where nothing will be launched. */
  | { readonly kind: 'started'; readonly runId: string | null; readonly done: Promise<RunResult> }
  /** It asked to be skipped where something runs, and something does. */
  | { readonly kind: 'skipped'; readonly obstacle: Obstacle }

/** The agents that live, and what stands in the way of a new one. */
export interface Occupation {
  readonly obstacle: Obstacle | null
  readonly agents: readonly number[]
}

/** The heart: a trigger asks for a run; at most one launch happens at a time; a new run replaces the old one. */
export interface Runs {
  /** Follows or ends what an earlier life of the service left unfinished. Launches wait for it. Never rejects. */
  adopt(): Promise<void>
  /** Resolves when {@link adopt} is done: before, the record does not yet tell what became of earlier runs. */
  adopted(): Promise<void>
  /**
   * Takes the slot and begins; what follows is told by `done`: the announcement, the stop of every live agent, the
   * launch, and whether the agent stays up.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_DISK_FULL`, `LOOPER_LEDGER_UNWRITABLE`, `LOOPER_SHUTTING_DOWN`; `done`
   * rejects with `LOOPER_NOTICE_FAILED`, `LOOPER_AGENT_EXITED_EARLY`, `LOOPER_RUN_CANCELLED`, and what launching throws
   * @param whenBusy what to do while another launch holds the slot. What waits is on the record at once; a newer request
   * that waits takes its place (`LOOPER_BUSY`, told by `done`)
   */
  start(request: RunRequest, whenBusy?: 'refuse' | 'wait'): Promise<Started>
  /** What a request would do now. @throws {LooperError} what would keep it from beginning */
  plan(request: RunRequest): Promise<Plan>
  /**
   * Launches without notice and without stopping anything, if nobody launches, no agent lives, and `prepare` does
   * not decline with null.
   */
  launchIfIdle(prepare: () => Promise<LaunchRequest | null>): Promise<IdleOutcome>
  /**
   * Ends a run with everything it started, or calls it off before its launch; resolves when the end is verified and on
   * the record. Null where no such run lives or is being launched. @throws {LooperError} `LOOPER_BUSY`
   */
  stop(runId: string, cause: string): Promise<StopReport | null>
  /** What lives now. Looks at the process table. */
  occupation(): Promise<Occupation>
  /** Whether a launch is in progress. */
  isTaken(): boolean
  /** Who holds the slot. */
  occupant(): Readonly<Occupant> | null
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
}

/** Assembles the heart. */
export function createRuns(deps: RunsDeps): Runs {
  const { clock, ledger, logger } = deps
  const slot = createSlot()
  const live = createLiveRuns(deps)
  const closing = new AbortController()
  const sequenceDeps = { ...deps, live, closing: closing.signal }
  const adoption = createAdoption({ ...deps, live })
  let isHandedOver = false
  /** Resolves when the latest request that waited for the slot is done. */
  let waited: Promise<unknown> = Promise.resolve()

  /** Puts a launch on the record as an intent. */
  function record(request: LaunchRequest): string {
    const runId = randomUUID()
    const { requestId, trigger, caller, name, workspace, prompt, timeoutMs, stallMs, model } = request
    ledger.begin({
      runId,
      requestId,
      trigger,
      caller,
      name,
      workspace,
      prompt,
      timeoutMs,
      stallMs,
      agent: request.agent.name,
      model,
      binary: request.binary.path,
      requestedAt: clock.now(),
    })
    return runId
  }

  /** Does what leads to a run that is on the record; what keeps it from starting ends it there. */
  async function onRecord<T>(runId: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!isLive(runId)) {
        const end = { ...unstarted(error), endedAt: clock.now(), outputBytes: null, tokensUsed: null }
        // A run that was launched and ended has its end already, and a run ends once.
        ledger.finish(runId, end)
      }
      throw error
    }
  }

  const isLive = (runId: string) => live.all().some((run) => run.runId === runId)

  /** What lives, whoever holds the slot. */
  async function living(): Promise<Occupation> {
    const { agents } = await findAgents(deps, live.all())
    // A run whose agent is gone may still be swept, and its end is not on the record yet.
    return { obstacle: agents.length > 0 || live.all().length > 0 ? 'live' : null, agents }
  }

  async function occupation(): Promise<Occupation> {
    const now = await living()
    return slot.taken ? { ...now, obstacle: 'busy' } : now
  }

  /** Waits for what an earlier life left, and for nothing where the service is about to end. */
  async function open(): Promise<void> {
    await adoption.settled()
    await ledger.unlocked()
    assertOpen(closing.signal)
    if (isHandedOver) throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is restarting')
  }

  /** Takes the slot for a request, or says what is in the way. */
  async function enter({ ifRunning }: RunRequest): Promise<{ release: Release } | Started> {
    const release = slot.take()
    if (!release) {
      if (ifRunning === 'skip') return { kind: 'skipped', obstacle: 'busy' }
      throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
    }
    if (ifRunning === 'replace') return { release }
    try {
      const { obstacle } = await living()
      if (obstacle === null) return { release }
      release()
      return { kind: 'skipped', obstacle }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Puts a request on the record, and begins; where it has not got the slot, when its turn comes. */
  function begin(request: RunRequest, taken: Release | null): Started {
    const { requestId, caller, launch } = request
    const log = logger.child({ request_id: requestId, caller })
    let occupant: Occupant
    try {
      const runId = launch && record(launch)
      occupant = { requestId, runId, step: 'notice', calledOff: new AbortController() }
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
      return go()
    }
    if (taken) slot.occupy(occupant)
    const work = taken ? go() : wait()
    const done = (runId ? onRecord(runId, work) : work)
      .finally(() => release?.())
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
    if (!taken) waited = done.catch(() => undefined)
    return { kind: 'started', runId, done }
  }

  return {
    adopt: adoption.begin,

    adopted: adoption.over,

    async start(request, whenBusy = 'refuse') {
      await open()
      if (request.launch) checkFreeSpace(deps.logDir, deps.minFreeMb)
      if (slot.taken && whenBusy === 'wait') return begin(request, null)
      const entered = await enter(request)
      return 'release' in entered ? begin(request, entered.release) : entered
    },

    async plan(request) {
      await open()
      if (request.launch) checkFreeSpace(deps.logDir, deps.minFreeMb)
      return planOf(request, live.all(), await occupation(), deps)
    },

    async launchIfIdle(prepare) {
      await open()
      const release = slot.take()
      if (!release) return { kind: 'busy' }
      try {
        const { obstacle } = await living()
        if (obstacle) return { kind: obstacle }
        const request = await prepare()
        if (!request) return { kind: 'declined' }
        checkFreeSpace(deps.logDir, deps.minFreeMb)
        assertOpen(closing.signal)
        const runId = record(request)
        const { requestId } = request
        slot.occupy({ requestId, runId, step: 'launch', calledOff: new AbortController() })
        return { kind: 'launched', run: await onRecord(runId, live.launch(runId, request)) }
      } finally {
        release()
      }
    },

    async stop(runId, cause) {
      await adoption.settled()
      const { occupant, waiting } = slot
      const begun = [occupant, waiting].find((one) => one?.runId === runId)
      const wasWaiting = begun && !isLive(runId)
      if (wasWaiting) {
        begun.calledOff.abort(cause)
        await (begun === waiting ? waited : slot.released())
      }
      const run = live.all().find((candidate) => candidate.runId === runId)
      if (run) {
        begun?.calledOff.abort(cause)
        const why: Ending = { outcome: 'stopped', cause }
        return stopOne(run, why, deps, logger).finally(() => run.expectNoEnd(why))
      }
      return wasWaiting ? { signalled: [], survivors: [] } : null
    },

    occupation,

    isTaken: () => slot.taken,

    occupant: () => slot.occupant,

    live: () => live.all(),

    async handOver() {
      isHandedOver = true
      adoption.leave()
      await adoption.over()
      await slot.free()
    },

    async close() {
      closing.abort()
      adoption.leave()
      await adoption.over()
      await waited
      await slot.free()
      const why: Ending = { outcome: 'stopped', cause: 'the service was shut down' }
      await stopAll(live.all(), why, { ...deps, scope: 'own' }, logger)
    },
  }
}
