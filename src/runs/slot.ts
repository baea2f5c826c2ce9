/** How far a launch is. */
export const SLOT_STEPS = ['notice', 'stop', 'delay', 'launch', 'startup_check'] as const
/** How far a launch is. */
export type SlotStep = (typeof SLOT_STEPS)[number]

/** Whoever holds the slot. */
export interface Occupant {
  readonly requestId: string
  /** Null where nothing will be launched. */
  readonly runId: string | null
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
  /** Says who holds it, as long as it is held. */
  occupy(occupant: Occupant): void
  /** Null while nobody holds it, or nobody has said who does. */
  readonly occupant: Occupant | null
  readonly taken: boolean
  /** Resolves when nobody holds it. */
  free(): Promise<void>
}

/** A slot that nobody holds yet. */
export function createSlot(): Slot {
  let held: PromiseWithResolvers<void> | null = null
  let occupant: Occupant | null = null
  return {
    take() {
      if (held) return null
      const mine = Promise.withResolvers<void>()
      held = mine
      return () => {
        if (held === mine) held = occupant = null
        mine.resolve()
      }
    },
    occupy(next) {
      occupant = next
    },
    get occupant() {
      return occupant
    },
    get taken() {
      return held !== null
    },
    async free() {
      while (held) await held.promise
    },
  }
}
