/** @import { Entry } from './api.js' */
/** @typedef {Extract<Entry, { kind: 'tool' }>} Call */
/**
 * @typedef {object} Item An entry as it stands now.
 * @property {Entry} entry a tool call is one, however often it was told
 * @property {number} version how often it has changed
 * @property {number | null} ended the number under which the end of a tool call was told; null: not known
 */

const MAX_ENTRIES = 500
const MAX_CHARS = 2_000_000

/** A part of a transcript in bounded memory: at most so many entries and, but for the last one, so many characters. */
export function createTranscriptBuffer(maxEntries = MAX_ENTRIES, maxChars = MAX_CHARS) {
  /** @type {Item[]} */
  const items = []
  /** Tool calls that have not ended, by their ids. @type {Map<string, Item>} */
  const open = new Map()
  let chars = 0
  let last = 0

  /** @param {number} [share] of what it may hold */
  const isOver = (share = 1) =>
    items.length > maxEntries * share || (chars > maxChars * share && items.length > 1)

  /** @param {Item | undefined} item */
  function forget(item) {
    if (!item) return
    chars -= sizeOf(item.entry)
    if (item.entry.kind === 'tool' && open.get(item.entry.id) === item) open.delete(item.entry.id)
  }

  /** Whether the end of a call is told again: some of what came behind it was dropped. @param {Call} call */
  function isKnown({ id, seq }) {
    if (items.some(({ ended }) => ended === seq)) return true
    const item = items.find(({ entry, ended }) => ended === null && isEnded(entry) && entry.id === id)
    if (item) item.ended = seq
    return item !== undefined
  }

  return {
    items,
    /** The number of the entry that came last: what follows is behind it. */
    get last() {
      return last
    },
    get isFull() {
      return isOver()
    },
    /** Takes what comes next. @param {Entry} entry */
    push(entry) {
      last = entry.seq
      if (isEnded(entry) && isKnown(entry)) return
      const begun = isEnded(entry) ? open.get(entry.id) : undefined
      if (begun && isEnded(entry)) {
        chars += sizeOf(entry) - sizeOf(begun.entry)
        begun.entry = { ...entry, seq: begun.entry.seq, offset: begun.entry.offset }
        begun.version += 1
        begun.ended = entry.seq
        open.delete(entry.id)
        return
      }
      const item = { entry, version: 0, ended: entry.seq }
      items.push(item)
      chars += sizeOf(entry)
      if (entry.kind === 'tool' && entry.state === 'started') open.set(entry.id, item)
    },
    /** Drops the first ones that are too many for this share of what it may hold. */
    dropFirst(share = 1) {
      while (isOver(share)) forget(items.shift())
    },
    /** Drops the last ones that are too many, and tells whether some went: those come next then. */
    dropLast() {
      const before = items.length
      let next = last + 1
      while (isOver()) {
        const item = items.pop()
        next = item?.entry.seq ?? next
        forget(item)
      }
      last = next - 1
      return items.length < before
    },
    /** Puts entries before the others, a call that began there and ended here where it began. @param {readonly Entry[]} earlier */
    prepend(earlier) {
      const first = items[0]?.entry.seq ?? last + 1
      const before = earlier.filter(({ seq }) => seq < first)
      const ended = new Set(before.flatMap((entry) => (isEnded(entry) ? [entry.id] : [])))
      for (const item of [...items]) {
        if (!isEnded(item.entry) || item.version > 0 || !ended.has(item.entry.id)) continue
        items.splice(items.indexOf(item), 1)
        forget(item)
      }
      items.unshift(...before.map((entry) => ({ entry, version: 0, ended: null })))
      for (const item of items.slice(0, before.length)) {
        chars += sizeOf(item.entry)
        if (item.entry.kind === 'tool' && item.entry.state === 'started') open.set(item.entry.id, item)
      }
    },
  }
}

/** @param {Entry} entry @returns {entry is Call} */
const isEnded = (entry) => entry.kind === 'tool' && entry.state !== 'started'

/** @param {Entry} entry */
function sizeOf(entry) {
  if (entry.kind === 'tool') return (entry.input?.length ?? 0) + (entry.output?.length ?? 0)
  return 'text' in entry ? entry.text.length : 0
}
