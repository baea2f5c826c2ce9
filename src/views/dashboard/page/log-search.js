import { part } from './dom.js'
import { findInLog } from './log-buffer.js'
import { complain } from './toasts.js'

/** @import { LogMatches } from './api.js' */
/** @import { LogBuffer } from './log-buffer.js' */
/** @typedef {LogMatches['matches'][number]} Match */
/**
 * @typedef {object} Searched The log that is searched.
 * @property {() => LogBuffer} buffer what of it is loaded
 * @property {(at: number) => Element | undefined} lineAt the element of a line by its place in the buffer
 * @property {(wanted: { q: string, offset: number, limit: number }, signal: AbortSignal) => Promise<LogMatches>} find
 * @property {(number: number) => Promise<void>} goTo brings a line in sight
 */

const MAX_FOUND = 1000
const MAX_PAINTED = 2000
/** After the last key that was typed. */
const TYPED_MS = 150
/** A growing log is searched on at most this often, and painted anew. */
const AGAIN_MS = 1000
const PAINT_MS = 300

/**
 * Searches a log from its begin to its end, on the service. What is loaded of it is painted over (CSS Custom Highlight
 * API), the text is not touched.
 * @param {ParentNode} root @param {Searched} log
 */
export function createLogSearch(root, log) {
  const input = part(root, 'search', HTMLInputElement)
  const count = part(root, 'count', HTMLElement)
  const previous = part(root, 'previous', HTMLButtonElement)
  const next = part(root, 'next', HTMLButtonElement)
  let searching = new AbortController()
  let wanted = ''
  /** @type {Match[]} */
  let found = []
  let total = 0
  /** Up to there the log was searched. */
  let end = 0
  let isComplete = true
  /** Which match was gone to; -1: none yet. */
  let here = -1
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing
  /** @type {ReturnType<typeof setTimeout> | null} */
  let again = null
  /** @type {ReturnType<typeof setTimeout> | null} */
  let painting = null

  /** Begins anew. */
  function restart() {
    searching.abort()
    searching = new AbortController()
    wanted = input.value
    found = []
    total = end = 0
    here = -1
    isComplete = wanted === ''
    show()
    if (wanted !== '') search(searching.signal).catch(complain)
  }

  /** Searches from where it stands to the end. @param {AbortSignal} signal */
  async function search(signal) {
    try {
      do {
        const answer = await log.find({ q: wanted, offset: end, limit: MAX_FOUND }, signal)
        if (signal.aborted) return
        const last = found.at(-1)?.offset ?? -1
        const known = answer.matches.filter(({ offset }) => offset <= last).length
        found.push(...answer.matches.slice(known, known + MAX_FOUND - found.length))
        total += answer.total - known
        end = answer.end
        isComplete = answer.is_complete
        show()
      } while (!isComplete)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  function show() {
    const place = here === -1 ? '' : `${(here + 1).toLocaleString('en')} of `
    const sum = `${total.toLocaleString('en')}${isComplete ? '' : ' …'}`
    const reach = total > found.length ? `, first ${found.length.toLocaleString('en')} in reach` : ''
    count.textContent = wanted === '' ? '' : total === 0 && isComplete ? 'none' : place + sum + reach
    count.title = reach && 'The arrows go to these. To reach later ones, search for something longer.'
    count.hidden = previous.hidden = next.hidden = wanted === ''
    previous.disabled = next.disabled = found.length === 0
    paint()
  }

  function paint() {
    painting = null
    const isExact = wanted !== wanted.toLowerCase()
    const all = wanted === '' ? [] : findInLog(log.buffer(), wanted, MAX_PAINTED, isExact)
    const ranges = (/** @type {typeof all} */ list) => list.flatMap((match) => rangeOf(match) ?? [])
    CSS.highlights?.set('found', new Highlight(...ranges(all)))
    const match = found[here]
    const at = match ? log.buffer().indexOf(match.line) : null
    // Of several in a line it is the one that comes as late as this one among the matches.
    const nth = match ? here - found.findIndex(({ line }) => line === match.line) : 0
    const inLine = all.filter(({ line }) => line === at)
    CSS.highlights?.set('here', new Highlight(...ranges(inLine.slice(nth, nth + 1))))
  }

  /** @param {number} by */
  async function go(by) {
    if (found.length === 0) return
    here = here === -1 ? (by > 0 ? 0 : found.length - 1) : (here + by + found.length) % found.length
    show()
    const match = found[here]
    if (match) await log.goTo(match.line)
    paint()
  }

  /** @param {{ line: number, at: number }} match */
  function rangeOf({ line, at }) {
    const box = log.lineAt(line)
    if (!box) return null
    const start = pointIn(box, at)
    const end = pointIn(box, at + wanted.length)
    if (!start || !end) return null
    return new StaticRange({
      startContainer: start.node,
      startOffset: start.offset,
      endContainer: end.node,
      endOffset: end.offset,
    })
  }

  input.addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(restart, input.value === '' ? 0 : TYPED_MS)
  })
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1).catch(complain)
    else if (event.key === 'Escape' && input.value === '') input.blur()
    else if (event.key === 'Escape') {
      input.value = ''
      restart()
    } else return
    event.preventDefault()
  })
  previous.addEventListener('click', () => go(-1).catch(complain))
  next.addEventListener('click', () => go(1).catch(complain))

  return {
    /** What is loaded has changed. @param {boolean} hasGrown whether the log itself has, too */
    update(hasGrown) {
      if (wanted === '') return
      painting ??= setTimeout(paint, PAINT_MS)
      if (!hasGrown || !isComplete) return
      again ??= setTimeout(() => {
        again = null
        if (isComplete && wanted !== '') search(searching.signal).catch(complain)
      }, AGAIN_MS)
    },
    /** Another log is shown. */
    restart,
    close() {
      searching.abort()
      clearTimeout(typing)
      if (again !== null) clearTimeout(again)
      if (painting !== null) clearTimeout(painting)
    },
  }
}

/** The text node, and the place in it, of a place in a line. @param {Element} box @param {number} at */
function pointIn(box, at) {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT)
  let rest = at
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent?.length ?? 0
    if (rest <= length) return { node, offset: rest }
    rest -= length
  }
  return null
}
