import { element, part } from './dom.js'
import { loadMoreStyles } from './more-styles.js'
import { createSlotRow } from './slot-row.js'

/** @import { Api, SlotState, Status } from './api.js' */
/** @import { SlotUses } from './slots-door.js' */

/** So many are shown at first, and at most. */
const FEW = 8
const MANY = 200

/** Shows the slots, with their styles. @param {HTMLElement} root @param {Api} api @param {SlotUses} uses */
export async function openSlots(root, api, uses) {
  await loadMoreStyles()
  return createSlots(root, api, uses)
}

/**
 * What runs in each slot, what is being launched, and what waits; and the choice of one whose runs are listed.
 * @param {HTMLElement} root @param {Api} api @param {SlotUses} uses
 */
export function createSlots(root, api, uses) {
  const count = element('p', {})
  const list = element('ol', {})
  const all = element('button', { type: 'button', hidden: '' })
  const head = element('div', { class: 'head' }, element('h2', { id: 'slots-title' }, 'Slots'), count)
  const panel = part(root, 'past', HTMLElement)
  panel.prepend(element('section', { class: 'slots', 'aria-labelledby': 'slots-title' }, head, list, all))
  const filter = element('select', { 'aria-label': 'Show runs by slot' })
  part(root, 'filter', HTMLElement).before(filter)
  /** @type {Map<string, ReturnType<typeof createSlotRow>>} */
  const rows = new Map()
  let chosen = ''
  let isAll = false
  /** @type {readonly SlotState[]} */
  let slots = []

  function draw() {
    const most = isAll ? MANY : FEW
    const shown = slots.slice(0, most)
    const isThere = chosen === '' || shown.some(({ slot }) => slot === chosen)
    if (!isThere) shown.push(slots.find(({ slot }) => slot === chosen) ?? idle(chosen))
    for (const [name, { box }] of rows) {
      if (shown.some(({ slot }) => slot === name)) continue
      box.remove()
      rows.delete(name)
    }
    for (const [index, state] of shown.entries()) {
      const row = rows.get(state.slot) ?? createSlotRow(root, api, uses, state.slot)
      rows.set(state.slot, row)
      // What is moved loses the focus.
      if (list.children[index] !== row.box) list.insertBefore(row.box, list.children[index] ?? null)
      row.draw(state, state.slot === chosen)
    }
    const told = slots.length > MANY ? `${MANY} of ${number(slots.length)}` : `all ${slots.length}`
    all.hidden = slots.length <= FEW
    all.textContent = isAll ? 'Show fewer' : `Show ${told} slots`
    all.ariaExpanded = String(isAll)
    count.textContent = counts(slots)
  }

  /** @param {readonly string[]} names */
  function offer(names) {
    const before = [...filter.options].map(({ value }) => value)
    const sorted = [...new Set(['default', ...[...names].sort().slice(0, MANY), chosen])].filter(Boolean)
    // Whoever is just choosing is not disturbed.
    if (before.join(' ') === ['', ...sorted].join(' ')) return
    filter.replaceChildren(
      element('option', { value: '' }, 'all slots'),
      ...sorted.map((name) => element('option', { value: name }, name)),
    )
    filter.value = chosen
  }

  filter.addEventListener('change', () => uses.showSlot(filter.value))
  all.addEventListener('click', () => {
    isAll = !isAll
    draw()
  })

  return {
    /** @param {Status} status @param {readonly string[]} names those that may be chosen */
    draw(status, names) {
      slots = status.slots ?? slots
      offer(names)
      draw()
    },
    tick() {
      for (const row of rows.values()) row.tick()
    },
    /** @param {string} name */
    choose(name) {
      chosen = name
      filter.value = name
      draw()
    },
  }
}

/** @param {string} slot @returns {SlotState} */
const idle = (slot) => ({ slot, run: null, launch: null, waiting: [], waiting_count: 0 })

/** @param {number} count */
const number = (count) => count.toLocaleString('en')

/** How many there are of what, in words. @param {readonly SlotState[]} slots */
function counts(slots) {
  const waiting = slots.reduce((sum, { waiting_count }) => sum + waiting_count, 0)
  const starting = slots.filter(({ launch }) => launch !== null).length
  const parts = [
    `${number(slots.filter(({ run }) => run !== null).length)} running`,
    starting > 0 && `${number(starting)} starting`,
    waiting > 0 && `${number(waiting)} waiting`,
  ]
  return parts.filter(Boolean).join(', ')
}
