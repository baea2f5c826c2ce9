import type { Run } from './run.ts'
import { createSlot, type Slot } from './slot.ts'

/** The slot of whoever names none. */
export const DEFAULT_SLOT = 'default'

/** What a slot may be called: it stands in addresses, in tables and on shells' command lines. */
export const SLOT_NAME = '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'

/** A slot, as it is now. */
export interface SlotState extends Pick<Slot, 'occupant' | 'waiting' | 'taken'> {
  readonly slot: string
  /** The runs of this service that have not ended: one, and what could not be stopped. */
  readonly live: readonly Run[]
}

/** The slots, each made when somebody first names it. */
export interface Slots {
  named(name: string): Slot
  /** Those that somebody holds, by name. */
  taken(): readonly (readonly [name: string, slot: Slot])[]
  /** The default one first, then all others in which something launches or lives. */
  states(live: readonly Run[]): readonly SlotState[]
  /** Resolves when nobody holds any. */
  free(): Promise<void>
}

/** No slots yet. One that nobody holds is forgotten: names may be as many as requests. */
export function createSlots(): Slots {
  const slots = new Map<string, Slot>()
  const taken = () => [...slots].filter(([, slot]) => slot.taken)
  return {
    named(name) {
      for (const [other, slot] of slots) if (!slot.taken && other !== name) slots.delete(other)
      const slot = slots.get(name) ?? createSlot()
      slots.set(name, slot)
      return slot
    },
    taken,
    states(live) {
      const busy = [...live.map(({ slot }) => slot), ...taken().map(([name]) => name)]
      return [...new Set([DEFAULT_SLOT, ...busy])].map((name) => {
        const { occupant = null, waiting = null, taken = false } = slots.get(name) ?? {}
        return { slot: name, occupant, waiting, taken, live: live.filter(({ slot }) => slot === name) }
      })
    },
    async free() {
      for (const slot of slots.values()) await slot.free()
    },
  }
}
