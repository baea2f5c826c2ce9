import { part } from './dom.js'
import { findInLog } from './log-buffer.js'

/** @typedef {import('./log-buffer.js').LogBuffer} LogBuffer */

const MAX_FOUND = 2000
/** A growing log is searched again at most this often. */
const AGAIN_MS = 300

/**
 * Searches what is kept of a log. Matches are painted over the text (CSS Custom Highlight API), the text is not touched.
 * @param {ParentNode} root
 * @param {() => LogBuffer} buffer @param {(line: number) => Element | undefined} lineAt
 */
export function createLogSearch(root, buffer, lineAt) {
  const input = part(root, 'search', HTMLInputElement)
  const count = part(root, 'count', HTMLElement)
  const previous = part(root, 'previous', HTMLButtonElement)
  const next = part(root, 'next', HTMLButtonElement)
  /** @type {{ line: number, at: number }[]} */
  let found = []
  /** The match that was gone to. @type {{ line: number, at: number } | null} */
  let here = null
  /** @type {ReturnType<typeof setTimeout> | null} */
  let pending = null

  function search() {
    pending = null
    found = input.value === '' ? [] : findInLog(buffer(), input.value, MAX_FOUND)
    paint()
  }

  function paint() {
    const at = position()
    const total = `${found.length}${found.length === MAX_FOUND ? '+' : ''}`
    count.textContent =
      input.value === '' ? '' : found.length === 0 ? 'none' : at === -1 ? total : `${at + 1} of ${total}`
    previous.disabled = next.disabled = found.length === 0
    const ranges = (/** @type {typeof found} */ list) => list.flatMap((match) => rangeOf(match) ?? [])
    CSS.highlights?.set('found', new Highlight(...ranges(found)))
    CSS.highlights?.set('here', new Highlight(...ranges(found.slice(Math.max(at, 0), at + 1))))
  }

  const position = () => found.findIndex(({ line, at }) => line === here?.line && at === here.at)

  /** @param {number} by */
  function go(by) {
    if (found.length === 0) return
    const at = position()
    here = found.at(at === -1 ? (by > 0 ? 0 : -1) : (at + by) % found.length) ?? null
    if (here) lineAt(here.line)?.scrollIntoView({ block: 'center' })
    paint()
  }

  /** @param {{ line: number, at: number }} match */
  function rangeOf({ line, at }) {
    const box = lineAt(line)
    if (!box) return null
    const start = pointIn(box, at)
    const end = pointIn(box, at + input.value.length)
    if (!start || !end) return null
    return new StaticRange({
      startContainer: start.node,
      startOffset: start.offset,
      endContainer: end.node,
      endOffset: end.offset,
    })
  }

  input.addEventListener('input', () => {
    here = null
    search()
  })
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1)
    else if (event.key === 'Escape' && input.value === '') input.blur()
    else if (event.key === 'Escape') {
      input.value = ''
      search()
    } else return
    event.preventDefault()
  })
  previous.addEventListener('click', () => go(-1))
  next.addEventListener('click', () => go(1))

  return {
    /** The log has changed. */
    update() {
      if (input.value !== '' && pending === null) pending = setTimeout(search, AGAIN_MS)
    },
    clear() {
      if (pending !== null) clearTimeout(pending)
      here = null
      search()
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
