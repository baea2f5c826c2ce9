import { element, icon, part } from './dom.js'
import {
  askedBy,
  baseName,
  dayName,
  duration,
  fullTime,
  isFailed,
  moment,
  nameOf,
  runningMs,
  spent,
  told,
  verdict,
} from './format.js'
import { complain } from './toasts.js'

/** @import { Api, RunSummary } from './api.js' */

const PAGE = 30

/**
 * The list of runs, newest first, by day.
 * @param {ParentNode} root @param {Api} api @param {(run: RunSummary) => RunSummary} settled
 * @param {import('./agents.js').Agents} agents @param {(name: string) => void} slotChanged is told whose runs are listed now; empty: all
 */
export function createHistory(root, api, settled, agents, slotChanged) {
  const list = part(root, 'runs', HTMLElement)
  const filter = part(root, 'filter', HTMLSelectElement)
  const more = part(root, 'more', HTMLButtonElement)
  const none = part(root, 'none', HTMLElement)
  /** @type {Map<string, { run: RunSummary, row: HTMLLIElement }>} */
  const known = new Map()
  /** @type {string | null} */
  let cursor = null
  /** @type {string | null} */
  let marked = null
  /** The only one whose runs are listed; empty: all. */
  let slot = ''
  let isLoaded = false
  let longest = 1
  let today = ''

  /** @param {RunSummary} run */
  function isWanted(run) {
    if (slot !== '' && run.slot !== slot) return false
    if (filter.value === '') return true
    return filter.value === 'failed' ? isFailed(run) : filter.value === (run.outcome ?? 'live')
  }

  /** @param {RunSummary} run */
  function put(run) {
    const before = known.get(run.run_id)
    if (!isWanted(run)) {
      const day = before?.row.parentElement
      before?.row.remove()
      if (day?.childElementCount === 0) day.parentElement?.remove()
      known.delete(run.run_id)
    } else if (before) {
      before.run = run
      draw(before.row, run)
    } else {
      const row = element('li', {})
      draw(row, run)
      const day = dayOf(run)
      day.insertBefore(row, nextBelow(day, run))
      known.set(run.run_id, { run, row })
    }
    tellNone()
  }

  /** The rows of a run's day, which is made where it is not there. @param {RunSummary} run */
  function dayOf(run) {
    const at = String(run.requested_at)
    const key = new Date(at).toDateString()
    const days = [...list.children].filter((day) => day instanceof HTMLElement)
    const found = days.find(({ dataset }) => dataset.day === key)?.querySelector('ol')
    if (found) return found
    const rows = element('ol', {})
    const day = element(
      'section',
      { 'data-day': key, 'data-at': at },
      element('h3', {}, dayName(at, api.now())),
      rows,
    )
    list.insertBefore(day, days.find(({ dataset }) => String(dataset.at) < at) ?? null)
    return rows
  }

  /** The topmost row of an older run. @param {Element} day @param {RunSummary} run */
  function nextBelow(day, run) {
    for (const row of day.children) {
      const other = row instanceof HTMLElement && known.get(row.dataset.run ?? '')
      if (other && String(other.run.requested_at) < String(run.requested_at)) return row
    }
    return null
  }

  /** @param {HTMLLIElement} row @param {RunSummary} run */
  function draw(row, run) {
    const { icon: shape, tone } = verdict(run)
    const now = api.now()
    const ms = runningMs(run, now)
    longest = Math.max(longest, ms ?? 0)
    row.dataset.run = run.run_id
    const at = String(run.requested_at)
    const link = element(
      'a',
      { href: `#/runs/${run.run_id}` },
      element('span', { class: `shape tone-${tone}` }, icon(shape)),
      element('span', { class: 'name' }, nameOf(run)),
      element('time', { datetime: at, title: fullTime(at) }, moment(at, Date.parse(at))),
      element(
        'span',
        { class: 'who' },
        element('span', { class: `tone-${tone}` }, told(run)),
        run.slot == null || run.slot === 'default' ? '' : ` · ${run.slot}`,
        ` · ${baseName(run.workspace)} · ${askedBy(run)}`,
      ),
      element('span', { class: 'long' }, ms === null ? '–' : duration(ms)),
      element('span', { class: 'spent' }, spent(run, agents.isNews(run.agent))),
      element('span', { class: 'share', 'aria-hidden': 'true' }),
    )
    if (run.run_id === marked) link.ariaCurrent = 'true'
    const hadFocus = row.contains(document.activeElement)
    row.replaceChildren(link)
    if (hadFocus) link.focus()
    // Relative to the longest one: how they compare is seen before any number is read.
    row.style.setProperty('--share', String((ms ?? 0) / longest))
  }

  function tellNone() {
    none.hidden = !isLoaded || known.size > 0
    const all = filter.value === '' && slot === ''
    const which = filter.value === '' ? '' : ` with the outcome “${filter.selectedOptions[0]?.text}”`
    part(root, 'none-text', HTMLElement).textContent = all
      ? 'No runs yet.'
      : `No runs${which}${slot === '' ? '' : ` in slot ${slot}`}.`
    part(root, 'show-all', HTMLElement).hidden = all
  }

  /** @param {string | null} from @param {number} count */
  async function fetchFrom(from, count) {
    more.disabled = true
    try {
      const wanted = filter.value
      const inSlot = slot
      const page = await api.runs(wanted, inSlot, from, count)
      if (wanted !== filter.value || inSlot !== slot) return
      if (from === null) {
        known.clear()
        list.replaceChildren()
      }
      isLoaded = true
      cursor = page.next_cursor
      more.hidden = cursor === null
      for (const run of page.runs) put(settled(run))
      for (const { run, row } of known.values()) draw(row, run)
      tellNone()
    } finally {
      more.disabled = false
    }
  }

  function filterBy() {
    longest = 1
    fetchFrom(null, PAGE).catch(complain)
  }

  /** @param {string} name */
  function showSlot(name) {
    slot = name
    slotChanged(name)
    filterBy()
  }

  filter.addEventListener('change', filterBy)
  part(root, 'show-all', HTMLButtonElement).addEventListener('click', () => {
    filter.value = ''
    showSlot('')
    filter.focus()
  })
  more.addEventListener('click', () => fetchFrom(cursor, PAGE).catch(complain))

  return {
    put,
    /** Draws all of it anew. */
    draw() {
      for (const { run, row } of known.values()) draw(row, run)
    },
    /** Loads it anew, as long as it was. */
    load: () => fetchFrom(null, Math.min(Math.max(known.size, PAGE), 500)),
    /** @param {string | null} runId @returns {RunSummary | null} */
    find: (runId) => known.get(runId ?? '')?.run ?? null,
    /** Marks the run that is shown. @param {string | null} runId */
    mark(runId) {
      marked = runId
      for (const [id, { row }] of known) {
        const link = row.firstElementChild
        if (link) link.ariaCurrent = id === runId ? 'true' : null
      }
    },
    tick() {
      const now = api.now()
      for (const { run, row } of known.values()) {
        const ms = run.outcome === null ? runningMs(run, now) : null
        const long = row.querySelector('.long')
        if (ms !== null && long) long.textContent = duration(ms)
      }
      const date = new Date(now).toDateString()
      if (date === today) return
      today = date
      for (const day of list.children) {
        const title = day.querySelector('h3')
        if (title && day instanceof HTMLElement) title.textContent = dayName(String(day.dataset.at), now)
      }
    },
    /** Lists only the runs of a slot. @param {string} name empty: those of all */
    showSlot,
    /** The slots of the runs in it. */
    slots: () => new Set([...known.values()].map(({ run }) => run.slot)),
    /** The workspaces of the runs in it. */
    workspaces: () => [...new Set([...known.values()].map(({ run }) => run.workspace))],
  }
}
