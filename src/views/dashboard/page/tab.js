import { duration, nameOf, runningMs, told, verdict } from './format.js'

/** @import { RunSummary, Status } from './api.js' */

/** Shape and colour both tell, so that either is enough. */
const SHAPES = {
  idle: '<circle cx="16" cy="16" r="11" fill="none" stroke="#7c83a3" stroke-width="4"/>',
  live: '<circle cx="16" cy="16" r="13" fill="#5b63e0"/>',
  bad: '<path d="M6 6 26 26M26 6 6 26" fill="none" stroke="#d64550" stroke-width="6" stroke-linecap="round"/>',
}

/** Shows in the tab what goes on. @param {RunSummary | null} run the newest one @param {Status} status @param {number} now */
export function showInTab(run, { slot }, now) {
  const name = run ? `: ${nameOf(run)}` : ''
  const ms = run?.outcome === null ? runningMs(run, now) : null
  if (ms !== null) {
    const long = ms < 60_000 ? duration(ms) : duration(ms).replace(/ \d+s$/, '')
    return put('live', `● running ${long}${name} – Looper`)
  }
  if (run?.outcome === null) return put('live', `◌ starting${name} – Looper`)
  if (slot.taken) return put('live', '◌ starting – Looper')
  if (run === null) return put('idle', 'Looper')
  if (verdict(run).tone === 'bad') return put('bad', `✗ ${told(run)}${name} – Looper`)
  put('idle', `○ ${told(run)}${name} – Looper`)
}

/** As before anyone signed in. */
export function resetTab() {
  put('idle', 'Looper')
}

/** @param {keyof typeof SHAPES} shape @param {string} title */
function put(shape, title) {
  if (document.title !== title) document.title = title
  const link = document.querySelector('link[rel="icon"]')
  const href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${SHAPES[shape]}</svg>`)}`
  if (link instanceof HTMLLinkElement && link.href !== href) link.href = href
}
