import { loadOnce } from './door.js'

/** @import { Api, RunSummary, Status } from './api.js' */
/** @typedef {{ stop: (run: RunSummary, pressed: HTMLButtonElement) => void, refresh: () => Promise<void>, showSlot: (name: string) => void, known: () => Set<string> }} SlotUses What else happens to slots: a run is stopped, all is asked for anew, the runs of one are listed, and which the list of runs knows. */

/**
 * The slots, for whoever uses more than the default one, or lets runs wait: for all others nothing of it is loaded or shown.
 * @param {HTMLElement} root @param {Api} api @param {SlotUses} uses
 */
export function createSlotsDoor(root, api, uses) {
  const loaded = loadOnce(() => import('./slots.js').then(({ openSlots }) => openSlots(root, api, uses)))
  /** @type {ReturnType<typeof import('./slots.js').createSlots> | null} */
  let slots = null
  /** @type {Status | null} */
  let last = null

  function names() {
    return [...new Set([...(last?.slots ?? []).map(({ slot }) => slot), ...uses.known()])].filter(Boolean)
  }

  function isNeeded() {
    // Beside a launch, one waits for a moment also where only the default slot is used.
    const waits = last?.slots?.some(({ launch, waiting_count }) => waiting_count > 0 && launch === null)
    return waits || names().some((name) => name !== 'default')
  }

  return {
    names,
    /** @param {Status} status */
    async draw(status) {
      last = status
      if (!loaded.isWanted() && !isNeeded()) return
      slots = await loaded.get()
      slots.draw(last, names())
    },
    tick: () => slots?.tick(),
    /** Says whose runs are listed. @param {string} name empty: those of all */
    choose: (name) => slots?.choose(name),
  }
}
