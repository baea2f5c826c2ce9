import { createAnsiReader, PLAIN } from './ansi.js'
import { cut, joined, overlaid } from './log-parts.js'

/** @import { Part } from './log-parts.js' */
/**
 * @typedef {object} Line A line as a terminal shows it.
 * @property {number} number of the log's line with which it began; what a longer one is continued on has the same
 * @property {number} last number of the log's line that was written to it last
 * @property {Part[]} parts
 * @property {string} text all of it, without looks
 * @property {number} overwrites how often it was begun anew, as progress bars do
 */
/** @typedef {ReturnType<typeof createLogBuffer>} LogBuffer */

const MAX_LINES = 5000
const MAX_CHARS = 2_000_000
/** A longer line is continued on the next. */
const MAX_LINE_CHARS = 10_000
/** So many of the last lines can be written over: a terminal has no more. */
const SCREEN_LINES = 200

/**
 * A part of a log as a terminal shows it, in bounded memory: at most so many lines and so many characters.
 * @param {number} [number] of the log's line that comes first
 */
export function createLogBuffer(number = 1, maxLines = MAX_LINES, maxChars = MAX_CHARS) {
  const reader = createAnsiReader()
  let current = number
  /** @type {Line[]} */
  const lines = [blank(current)]
  let first = 0
  let chars = 0
  let row = 0
  let column = 0
  // Back on something that was written: it is begun anew as soon as something is written.
  let returned = false
  let changed = 0

  /** The line that is written. There always is one: it is the last thing that would be dropped. */
  function here() {
    const line = lines[row]
    if (line) return line
    /* c8 ignore next: see above */
    throw new Error('nothing is written')
  }

  /** @param {number} to */
  function moveTo(to) {
    row = Math.min(Math.max(to, lines.length - SCREEN_LINES, 0), lines.length - 1)
    returned = here().text !== ''
    touch()
  }

  function touch() {
    changed = Math.min(changed, first + row)
  }

  function newline() {
    if (row < lines.length - 1) return moveTo(row + 1)
    lines.push(blank(current))
    row += 1
    returned = false
  }

  /** @param {Part[]} parts */
  function put(parts) {
    const line = here()
    chars -= line.text.length
    line.parts = parts
    line.text = parts.map(({ text }) => text).join('')
    chars += line.text.length
    touch()
  }

  /** @param {string} text @param {Part['style']} style */
  function write(text, style) {
    if (returned) here().overwrites += 1
    returned = false
    let rest = text
    while (column + rest.length > MAX_LINE_CHARS) {
      const room = Math.max(0, MAX_LINE_CHARS - column)
      place(rest.slice(0, room), style)
      rest = rest.slice(room)
      newline()
      column = 0
    }
    place(rest, style)
  }

  /** @param {string} text @param {Part['style']} style */
  function place(text, style) {
    const line = here()
    line.last = current
    if (line.text === '' && row === lines.length - 1) line.number = current
    if (column === line.text.length) {
      joined(line.parts, { text, style })
      line.text += text
      chars += text.length
      touch()
    } else put(overlaid(line.parts, column, { text, style }))
    column += text.length
  }

  /** @param {'end' | 'start' | 'line' | 'below'} what */
  function erase(what) {
    const { parts, text } = here()
    if (what === 'line') put([])
    else if (what === 'start')
      put(overlaid(parts, 0, { text: ' '.repeat(Math.min(column, text.length)), style: PLAIN }))
    else put(cut(parts, 0, column))
    if (what !== 'below') return
    for (const line of lines.splice(row + 1)) chars -= line.text.length
  }

  const isOver = (/** @type {number} */ gone) => lines.length - gone > maxLines || chars > maxChars

  /** Drops the first lines that are too many, whole ones of the log if possible; never the one that is written. */
  function dropFirst() {
    let count = 0
    let dropped = 0
    for (const [index, line] of lines.entries()) {
      if (index === row || (!isOver(count) && line.number !== dropped)) break
      chars -= line.text.length
      dropped = line.number
      count += 1
    }
    lines.splice(0, count)
    first += count
    row -= count
  }

  /** Drops the last lines that are too many, and what is not whole, and tells whether some went: those come next then. */
  function dropLast() {
    let dropped = 0
    while (lines.length > 1 && (isOver(0) || lines.at(-1)?.number === dropped)) {
      for (const line of lines.splice(-1)) {
        chars -= line.text.length
        dropped = line.number
      }
    }
    if (dropped === 0) return false
    current = dropped
    lines.push(blank(current))
    row = lines.length - 1
    column = 0
    returned = false
    return true
  }

  return {
    lines,
    /** How many lines were dropped before them; less than none where some were put before them. */
    get first() {
      return first
    },
    /** The number of the log's line that is written. */
    get current() {
      return current
    },
    get isFull() {
      return isOver(0)
    },
    /** The first line that has changed since this was asked. */
    takeChanged() {
      const from = changed
      changed = Number.POSITIVE_INFINITY
      return from
    },
    /** Takes what comes next. @param {string} text @param {boolean} [keepsFirst] whether nothing is dropped for it */
    push(text, keepsFirst = false) {
      for (const token of reader.read(text)) {
        if (token.kind === 'text') write(token.text, token.style)
        else if (token.kind === 'control') write(token.text, 'control')
        else if (token.kind === 'newline') {
          current += 1
          newline()
          column = 0
        } else if (token.kind === 'erase') erase(token.what)
        else if (token.kind === 'return') {
          returned ||= here().text !== ''
          column = 0
        } else if (token.to === 'column') column = token.by - 1
        else if (token.to === 'forward') column += token.by
        else if (token.to === 'back') column = Math.max(0, column - token.by)
        else moveTo(row + (token.to === 'up' ? -token.by : token.by))
        column = Math.min(column, MAX_LINE_CHARS)
      }
      if (!keepsFirst) dropFirst()
    },
    /**
     * Puts lines before the others; the last ones go where there are too many now.
     * @param {readonly Line[]} earlier
     * @returns {boolean} whether some went
     */
    prepend(earlier) {
      lines.unshift(...earlier)
      first -= earlier.length
      row += earlier.length
      chars += earlier.reduce((sum, { text }) => sum + text.length, 0)
      changed = first
      return dropLast()
    },
    dropLast,
    /** Where a line of the log is shown, or would be. @param {number} wanted */
    indexOf(wanted) {
      const found = lines.findLast(({ number }) => number <= wanted)
      const at = lines.findIndex(({ number }) => number === found?.number)
      // It was written over another one.
      const screen = lines.slice(Math.max(0, at - SCREEN_LINES), at + 1)
      const over = screen.findLastIndex(({ last }) => last === wanted)
      return first + (over === -1 ? at : at - (screen.length - 1 - over))
    },
  }
}

/** @param {number} number @returns {Line} */
function blank(number) {
  return { number, last: number, parts: [], text: '', overwrites: 0 }
}

/**
 * Where a text occurs: the line (counting dropped ones) and the place in it.
 * @param {LogBuffer} buffer @param {string} wanted @param {number} limit how many are looked for
 * @returns {{ line: number, at: number }[]}
 */
export function findInLog({ lines, first }, wanted, limit, isExact = false) {
  const fold = (/** @type {string} */ text) => (isExact ? text : text.toLowerCase())
  const needle = fold(wanted)
  /** @type {{ line: number, at: number }[]} */
  const found = []
  for (const [index, { text }] of lines.entries()) {
    const line = fold(text)
    for (let at = line.indexOf(needle); at !== -1; at = line.indexOf(needle, at + needle.length)) {
      found.push({ line: first + index, at })
      if (found.length === limit) return found
    }
  }
  return found
}
