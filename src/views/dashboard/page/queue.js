import { element } from './dom.js'
import { askedBy, moment, nameOf } from './format.js'
import { fieldsetIn } from './rights.js'
import { complain, tell } from './toasts.js'

/** @import { Api, RunSummary, SlotState } from './api.js' */
/** @import { SlotUses } from './slots-door.js' */

/** So many are shown at first, and at most: that is all that the service tells. */
const FEW = 20
const MANY = 500

/**
 * What waits for a slot, in its order; folded until somebody wants to see it.
 * @param {HTMLElement} root @param {Api} api @param {SlotUses} uses @param {string} slot
 */
export function createQueue(root, api, uses, slot) {
  const summary = element('summary', {})
  const list = element('ol', {})
  const rest = element('span', {})
  const more = element('button', { type: 'button' }, 'Show more')
  const end = element('p', { class: 'rest' }, rest, more)
  const box = element('details', { class: 'queue' }, summary, list, end)
  let limit = FEW
  let total = 0
  let shown = ''
  let isBusy = false
  let isAsked = false

  async function load() {
    isAsked = isBusy
    if (isBusy) return
    isBusy = true
    try {
      show((await api.queue(slot, limit)).waiting)
    } catch (error) {
      complain(error)
    } finally {
      isBusy = false
    }
    // Something has changed meanwhile.
    if (isAsked) await load()
  }

  /** @param {readonly RunSummary[]} runs */
  function show(runs) {
    const many = Math.max(total, runs.length)
    rest.textContent = runs.length < many ? `The first ${runs.length} of ${many.toLocaleString('en')}. ` : ''
    more.hidden = runs.length < limit || limit === MANY || runs.length === many
    end.hidden = rest.textContent === '' && more.hidden
    const now = JSON.stringify(runs.map((run) => [run.run_id, nameOf(run)]))
    if (now === shown) return
    shown = now
    const restore = focusIn(list, summary)
    list.replaceChildren(...runs.map(row))
    restore()
  }

  /** @param {RunSummary} run @param {number} index */
  function row(run, index) {
    const name = nameOf(run)
    const link = element('a', { class: 'name', href: `#/runs/${run.run_id}` }, name)
    const since = moment(String(run.requested_at), api.now())
    const cancel = button('cancel', 'Cancel', name, () => callOff(run))
    const first = button('first', 'Move first', name, () => putFirst(run))
    first.hidden = index === 0
    return element(
      'li',
      { 'data-run': run.run_id },
      element('span', { class: 'place' }, `${index + 1}`),
      link,
      element('small', {}, `since ${since} · ${run.agent} · ${askedBy(run)}`),
      fieldsetIn(root, element('div', { class: 'acts' }, first, cancel)),
    )
  }

  /** @param {RunSummary} run */
  async function putFirst(run) {
    await api.putFirst(run.run_id)
    return `“${nameOf(run)}” is the next one.`
  }

  /** @param {RunSummary} run */
  async function callOff(run) {
    // The same request would stop it, once it runs.
    if (!(await api.run(run.run_id)).waiting) return `“${nameOf(run)}” waits no more.`
    await api.stop(run.run_id)
    return `Cancelled “${nameOf(run)}”.`
  }

  /** @param {string} act @param {string} words @param {string} name @param {() => Promise<string>} work */
  function button(act, words, name, work) {
    const made = element(
      'button',
      { type: 'button', 'data-act': act, 'aria-label': `${words}: ${name}` },
      words,
    )
    made.addEventListener('click', () => {
      // Disabled it would lose the focus.
      if (made.ariaBusy === 'true') return
      made.ariaBusy = 'true'
      work()
        .then(tell, complain)
        .then(() => Promise.all([load(), uses.refresh()]))
        .finally(() => {
          made.ariaBusy = null
        })
    })
    return made
  }

  box.addEventListener('toggle', () => {
    if (box.open) void load()
  })
  more.addEventListener('click', () => {
    limit = limit === FEW ? 100 : MANY
    void load()
  })

  return {
    box,
    /** @param {SlotState} state */
    draw({ waiting, waiting_count }) {
      const first = waiting[0]
      total = waiting_count
      box.hidden = total === 0
      const since = first ? ` since ${moment(first.since, api.now())}` : ''
      summary.textContent = `${total.toLocaleString('en')} waiting${since}`
      if (box.open && total > 0) void load()
    },
  }
}

/**
 * Remembers where in a list the focus is.
 * @param {HTMLElement} list @param {HTMLElement} otherwise
 * @returns {() => void} puts it on the same button of the same row, or of the one that took its place
 */
function focusIn(list, otherwise) {
  const held = document.activeElement
  const row = held?.closest('li')
  if (!(held instanceof HTMLElement) || !row || !list.contains(held)) return () => undefined
  const index = [...list.children].indexOf(row)
  return () => {
    const rows = [...list.querySelectorAll('li')]
    const next = rows.find(({ dataset }) => dataset.run === row.dataset.run) ?? rows[index] ?? rows.at(-1)
    const buttons = [...(next?.querySelectorAll('a, button:not([hidden])') ?? [])]
    const same = buttons.find((one) => one instanceof HTMLElement && one.dataset.act === held.dataset.act)
    const target = same ?? buttons.at(-1) ?? otherwise
    if (target instanceof HTMLElement) target.focus()
  }
}
