import { element, icon, part } from './dom.js'
import { askedBy, baseName, duration, moment, runningMs, verdict } from './format.js'
import { complain } from './toasts.js'

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').RunSummary} RunSummary */

const PAGE = 30

/**
 * The list of runs, newest first.
 * @param {ParentNode} root @param {Api} api @param {(run: RunSummary) => RunSummary} settled
 */
export function createHistory(root, api, settled) {
  const list = part(root, 'runs', HTMLOListElement)
  const filter = part(root, 'filter', HTMLSelectElement)
  const more = part(root, 'more', HTMLButtonElement)
  const none = part(root, 'none', HTMLElement)
  /** @type {Map<string, { run: RunSummary, row: HTMLLIElement }>} */
  const known = new Map()
  /** @type {string | null} */
  let cursor = null
  /** @type {string | null} */
  let marked = null
  let longest = 1

  /** @param {RunSummary} run */
  const isWanted = ({ outcome }) => filter.value === '' || filter.value.split(',').includes(outcome ?? 'live')

  /** @param {RunSummary} run */
  function put(run) {
    const before = known.get(run.run_id)
    if (!isWanted(run)) {
      before?.row.remove()
      known.delete(run.run_id)
    } else if (before) {
      before.run = run
      draw(before.row, run)
    } else {
      const row = element('li', {})
      draw(row, run)
      known.set(run.run_id, { run, row })
      list.insertBefore(row, nextBelow(run))
    }
    none.hidden = known.size > 0
  }

  /** The topmost row of an older run. @param {RunSummary} run */
  function nextBelow(run) {
    for (const row of list.children) {
      const other = row instanceof HTMLElement && known.get(row.dataset.run ?? '')
      if (other && String(other.run.requested_at) < String(run.requested_at)) return row
    }
    return null
  }

  /** @param {HTMLLIElement} row @param {RunSummary} run */
  function draw(row, run) {
    const { icon: shape, tone, label } = verdict(run)
    const now = api.now()
    const ms = runningMs(run, now)
    longest = Math.max(longest, ms ?? 0)
    row.dataset.run = run.run_id
    const at = String(run.requested_at)
    const link = element(
      'a',
      { href: `#/runs/${run.run_id}`, class: `tone-${tone}` },
      element('span', { class: 'outcome' }, icon(shape), label),
      element('span', { class: 'long' }, ms === null ? '–' : duration(ms)),
      element('span', { class: 'who' }, `${baseName(run.workspace)} · ${askedBy(run)}`),
      element('time', { datetime: at, title: at }, moment(at, now)),
      element('span', { class: 'bar', 'aria-hidden': 'true' }),
    )
    if (run.run_id === marked) link.ariaCurrent = 'true'
    const hadFocus = row.contains(document.activeElement)
    row.replaceChildren(link)
    if (hadFocus) link.focus()
    // Relative to the longest one: how they compare is seen before any number is read.
    row.style.setProperty('--share', String((ms ?? 0) / longest))
  }

  /** @param {string | null} from @param {number} count */
  async function fetchFrom(from, count) {
    more.disabled = true
    try {
      const wanted = filter.value
      const page = await api.runs(wanted, from, count)
      if (wanted !== filter.value) return
      if (from === null) {
        known.clear()
        list.replaceChildren()
      }
      cursor = page.next_cursor
      more.hidden = cursor === null
      for (const run of page.runs) put(settled(run))
      for (const { run, row } of known.values()) draw(row, run)
      none.hidden = known.size > 0
    } finally {
      more.disabled = false
    }
  }

  filter.addEventListener('change', () => {
    longest = 1
    fetchFrom(null, PAGE).catch(complain)
  })
  more.addEventListener('click', () => fetchFrom(cursor, PAGE).catch(complain))

  return {
    put,
    /** Loads it anew, as long as it was. */
    load: () => fetchFrom(null, Math.min(Math.max(known.size, PAGE), 500)),
    /** Marks the run that is shown. @param {string | null} runId */
    mark(runId) {
      marked = runId
      for (const [id, { row }] of known) {
        const link = row.firstElementChild
        if (link) link.ariaCurrent = id === runId ? 'true' : null
      }
    },
    tick() {
      for (const { run, row } of known.values()) {
        const ms = run.outcome === null ? runningMs(run, api.now()) : null
        const long = row.querySelector('.long')
        if (ms !== null && long) long.textContent = duration(ms)
      }
    },
    /** The workspaces of the runs in it. */
    workspaces: () => [...new Set([...known.values()].map(({ run }) => run.workspace))],
  }
}
