/** Gives a slot back. Calling it twice does no harm. */
export type Release = () => void

/** The one place in which launches happen: whoever holds it may announce, stop and launch. */
export interface Slot {
  /** Null while somebody else holds it. Never waits. */
  take(): Release | null
  readonly taken: boolean
  /** Resolves when nobody holds it. */
  free(): Promise<void>
}

/** A slot that nobody holds yet. */
export function createSlot(): Slot {
  let held: PromiseWithResolvers<void> | null = null
  return {
    take() {
      if (held) return null
      const mine = Promise.withResolvers<void>()
      held = mine
      return () => {
        if (held === mine) held = null
        mine.resolve()
      }
    },
    get taken() {
      return held !== null
    },
    async free() {
      while (held) await held.promise
    },
  }
}
