import { checkFreeSpace } from '../base/disk.ts'
import { type LooperError, messageOf } from '../base/errors.ts'
import type { WaitingRun } from '../record/waiting.ts'
import type { Beginnings, Begun } from './beginnings.ts'
import type { Holds } from './holds/holds.ts'
import { isPassing } from './if-running.ts'
import { lookAt, type Obstacle } from './occupation.ts'
import type { Wanted } from './room.ts'
import type { RunRequest } from './run.ts'
import { assertOpen, type SequenceDeps } from './sequence.ts'
import type { Release } from './slot.ts'
import type { Slots } from './slots.ts'
import type { WaitingLine } from './waiting.ts'
import { isolationAsked } from './worktrees/isolation.ts'

/** What came of the turn of whatever waits for a slot. */
export type Turn =
  | { readonly kind: 'begun'; readonly done: Begun['done'] }
  /** The slot is not free, what is in other slots is in the way, or nothing waits for it. */
  | { readonly kind: Obstacle | 'no_room' | 'none' }
  /** The first one waits no more: what it is made of again is wrong by now, or it was called off. */
  | { readonly kind: 'ended' }
  /** It waits on: what is in the way may be over a little later. */
  | { readonly kind: 'later'; readonly why: string }

/** Begins with the run that is the first to wait for a slot, where that is free. Never rejects. */
export type TakeTurn = (slot: string, prepare: (waiting: WaitingRun) => Promise<RunRequest>) => Promise<Turn>

/** What a turn needs. */
export interface TurnDeps extends SequenceDeps {
  readonly slots: Slots
  readonly line: WaitingLine
  readonly beginnings: Beginnings
  readonly holds: Pick<Holds, 'agents'>
  readonly minFreeMb: number
  /** Why a launch may not begin beside what is in other slots; null where it may. */
  readonly misfit: (wanted: Wanted) => LooperError | null
  /** @throws {LooperError} where nothing may be launched now */
  readonly open: () => Promise<void>
}

/** Lets what waits begin. */
export function takingTurns(deps: TurnDeps): TakeTurn {
  const { slots, line, beginnings, live, ledger, closing } = deps
  return async (name, prepare) => {
    const look = () => lookAt(live.seenFrom(name), deps)
    /** The one whose own fault it is where something fails. */
    let tried: WaitingRun | null = null
    let release: Release | null = null
    let begun: Begun | null = null
    try {
      await deps.open()
      // First what costs nothing: many slots may be looked at in a row.
      if (live.all().some((run) => run.slot === name)) return { kind: 'live' }
      const waiting = ledger.nextWaiting(name, deps.holds.agents())
      if (!waiting) return { kind: 'none' }
      const spent = deps.days.refusal()
      if (spent) throw spent
      if (deps.misfit({ ...waiting, isolation: isolationAsked(waiting.asked) })) return { kind: 'no_room' }
      // Whoever wants to replace what runs must not find the slot taken by one that only looks.
      const before = await look()
      if (before.obstacle) return { kind: before.obstacle }
      // Named here, and nothing is awaited until it is taken: one that nobody holds is forgotten when another one is named.
      const slot = slots.named(name)
      release = slot.take()
      /* c8 ignore next: somebody took it in the moment of the look */
      if (!release) return { kind: 'busy' }
      const { obstacle } = await look()
      if (obstacle) return { kind: obstacle }
      checkFreeSpace(deps.logDir, deps.minFreeMb)
      tried = waiting
      const request = await prepare(waiting)
      assertOpen(closing)
      // Somebody may have called it off meanwhile.
      if (!ledger.find(waiting.runId)?.isWaiting) return { kind: 'ended' }
      begun = beginnings.begin(request, slot, release, waiting.runId)
      line.began(waiting.runId, begun)
      return { kind: 'begun', done: begun.done }
    } catch (error) {
      if (tried === null || isPassing(error)) return { kind: 'later', why: messageOf(error) }
      line.end(tried.runId, error)
      return { kind: 'ended' }
      /* c8 ignore start: what begins gives it back itself */
    } finally {
      if (!begun) release?.()
    }
    /* c8 ignore stop */
  }
}
