import { LooperError } from '../base/errors.ts'
import type { Footprint } from './room.ts'

/** How far a launch is. */
export const SLOT_STEPS = ['notice', 'stop', 'delay', 'launch', 'startup_check'] as const
/** How far a launch is. */
export type SlotStep = (typeof SLOT_STEPS)[number]

/** Whoever holds the slot. */
export interface Occupant {
  readonly requestId: string
  /** Null where nothing will be launched. */
  readonly runId: string | null
  /** When it came, in milliseconds since the epoch. */
  readonly since: number
  /** What its run takes; null until it may take that, and where nothing will be launched. */
  footprint: Footprint | null
  step: SlotStep
  /** Aborted, with a sentence as its reason, by whoever calls the launch off. */
  readonly calledOff: AbortController
}

/** Gives a slot back. Calling it twice does no harm. */
export type Release = () => void

/** The one place in which launches happen: whoever holds it may announce, stop and launch. */
export interface Slot {
  /** Null while somebody else holds it. Never waits. */
  take(): Release | null
  /**
   * Waits while somebody else holds it, and then occupies it, before anybody else can take it. There is one place to wait
   * in, for the newest: who waited there before is turned away.
   * @throws {LooperError} `LOOPER_BUSY` where a newer one came; the reason of `over` when that is aborted
   */
  turn(next: Occupant, over: AbortSignal): Promise<Release>
  /** Says who holds it, as long as it is held. */
  occupy(occupant: Occupant): void
  /** Null while nobody holds it, or nobody has said who does. */
  readonly occupant: Occupant | null
  /** Whose turn is next. */
  readonly waiting: Occupant | null
  readonly taken: boolean
  /** Resolves when whoever holds it now has given it back. */
  released(): Promise<void>
  /** Resolves when nobody holds it. */
  free(): Promise<void>
}

interface Waiting {
  readonly next: Occupant
  readonly called: PromiseWithResolvers<Release>
}

/** A slot that nobody holds yet. */
export function createSlot(): Slot {
  let held: PromiseWithResolvers<void> | null = null
  let occupant: Occupant | null = null
  let waiting: Waiting | null = null

  function hold(): Release {
    const mine = Promise.withResolvers<void>()
    held = mine
    return () => {
      if (held === mine) {
        held = occupant = null
        callNext()
      }
      mine.resolve()
    }
  }

  function callNext(): void {
    if (!waiting) return
    const { next, called } = waiting
    waiting = null
    called.resolve(hold())
    occupant = next
  }

  return {
    take: () => (held ? null : hold()),
    async turn(next, over) {
      const mine: Waiting = { next, called: Promise.withResolvers<Release>() }
      const who = `request ${next.requestId}`
      waiting?.called.reject(new LooperError('LOOPER_BUSY', `${who} took its place while it waited`))
      waiting = mine
      const leave = () => {
        if (waiting === mine) waiting = null
        mine.called.reject(over.reason)
      }
      over.addEventListener('abort', leave, { once: true })
      try {
        return await mine.called.promise
      } finally {
        over.removeEventListener('abort', leave)
      }
    },
    occupy(next) {
      occupant = next
    },
    get occupant() {
      return occupant
    },
    get waiting() {
      return waiting?.next ?? null
    },
    get taken() {
      return held !== null
    },
    async released() {
      await held?.promise
    },
    async free() {
      while (held) await held.promise
    },
  }
}
