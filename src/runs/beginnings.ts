import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Days } from './budget/days.ts'
import type { Holds } from './holds/holds.ts'
import type { Intents } from './intents.ts'
import type { Footprint, Wanted } from './room.ts'
import type { LaunchRequest, RunRequest, RunResult } from './run.ts'
import { type SequenceDeps, sequenceOf } from './sequence.ts'
import type { Occupant, Release, Slot } from './slot.ts'

/** A request that has taken its slot, or waits for the launch that holds it. */
export interface Begun {
  /** Null where nothing will be launched. */
  readonly runId: string | null
  readonly done: Promise<RunResult>
}

/** The requests under way, in whatever slot. */
export interface Beginnings {
  /**
   * Puts a request on the record, and begins; where it has not got the slot, when its turn comes. Gives the slot back where it
   * throws, and when it is done.
   * @param waited the run that waited on the record for its turn; null: it is put on the record now
   */
  begin(request: RunRequest, slot: Slot, taken: Release | null, waited?: string | null): Begun
  /** What a call-off has to wait for; undefined where it is not under way. */
  of(occupant: Occupant): Promise<unknown> | undefined
  /** Resolves when everything that is under way now is done. */
  over(): Promise<void>
}

/** What beginning needs. */
export interface BeginningDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly sequence: SequenceDeps
  readonly intents: Intents
  readonly holds: Pick<Holds, 'assertFree' | 'begins'>
  readonly days: Pick<Days, 'refusal'>
  /** @throws {LooperError} where what is in other slots is in the way */
  readonly assertFits: (wanted: Wanted) => void
  /** A slot may be free again. */
  readonly changed: () => void
}

/** Nothing is under way yet. */
export function createBeginnings(deps: BeginningDeps): Beginnings {
  const { clock, logger, intents, holds, days, changed } = deps
  const begun = new Map<Occupant, Promise<unknown>>()

  function assertFits(launch: LaunchRequest): void {
    const spent = days.refusal()
    if (spent) throw spent
    holds.assertFree(launch.agent.name)
    deps.assertFits(launch)
  }

  return {
    begin(request, slot, taken, waited = null) {
      const { requestId, caller, launch } = request
      const log = logger.child({ request_id: requestId, caller })
      const since = clock.now()
      let occupant: Occupant
      try {
        // Nothing is awaited from the look at other slots until everybody else sees what is taken.
        if (taken && launch) assertFits(launch)
        const runId = launch && (waited ?? intents.record({ ...launch, asked: request.asked }))
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
      const sequence = sequenceOf(occupant, deps.sequence, log)
      const go = () => {
        if (!launch || !runId) return sequence.stopOnly(request)
        const work = sequence.replace(request, launch, runId)
        holds.begins(launch.agent.name, runId, work)
        return work
      }
      let release = taken
      const wait = async () => {
        release = await sequence.waitFor((over) => slot.turn(occupant, over))
        if (launch) assertFits(launch)
        occupant.footprint = footprintOf(launch, runId)
        return go()
      }
      const work = taken ? go() : wait()
      const done = (runId ? intents.onRecord(runId, work, waited !== null) : work)
        .finally(() => {
          begun.delete(occupant)
          release?.()
          changed()
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
      return { runId, done }
    },
    of: (occupant) => begun.get(occupant),
    async over() {
      await Promise.all(begun.values())
    },
  }
}

/** What a launch takes; null where nothing will be launched. */
export const footprintOf = (launch: LaunchRequest | null, runId: string | null): Footprint | null =>
  launch && runId !== null ? { ...launch, runId } : null
