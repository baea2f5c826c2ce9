import { createAnsiReader, PLAIN } from './ansi.js'

/** @typedef {import('./ansi.js').Style} Style */
/** @typedef {{ text: string, style: Style | 'control' }} Part Text of one look. */
/**
 * @typedef {object} Line
 * @property {Part[]} parts
 * @property {string} text all of it, without looks
 * @property {number} overwrites how often it was begun anew, as progress bars do
 */

/**
 * @typedef {object} LogBuffer
 * @property {(text: string) => void} push takes what comes next
 * @property {readonly Line[]} lines what is kept, oldest first; the last one may still grow
 * @property {number} first how many lines were dropped before them
 */

const MAX_LINES = 20_000
const MAX_CHARS = 8_000_000
/** A longer line is continued on the next. */
const MAX_LINE_CHARS = 10_000

/**
 * The last lines of a log, in bounded memory: whatever the log's size, at most so many lines and so many characters.
 * @param {number} [maxLines] @param {number} [maxChars]
 * @returns {LogBuffer}
 */
export function createLogBuffer(maxLines = MAX_LINES, maxChars = MAX_CHARS) {
  const reader = createAnsiReader()
  let open = blank()
  const lines = [open]
  let first = 0
  let chars = 0
  // A carriage return alone: the line is begun anew as soon as something is written.
  let returned = false

  function newline() {
    open = blank()
    lines.push(open)
    returned = false
  }

  /** @param {string} text @param {Style | 'control'} style */
  function write(text, style) {
    if (returned && open.text !== '') {
      chars -= open.text.length
      open.parts = []
      open.text = ''
      open.overwrites += 1
    }
    returned = false
    let rest = text
    while (open.text.length + rest.length > MAX_LINE_CHARS) {
      const room = MAX_LINE_CHARS - open.text.length
      append(rest.slice(0, room), style)
      rest = rest.slice(room)
      newline()
    }
    append(rest, style)
  }

  /** @param {string} text @param {Style | 'control'} style */
  function append(text, style) {
    const last = open.parts.at(-1)
    if (last?.style === style) last.text += text
    else open.parts.push({ text, style })
    open.text += text
    chars += text.length
  }

  function trim() {
    let count = 0
    for (const line of lines) {
      if (line === open || (lines.length - count <= maxLines && chars <= maxChars)) break
      chars -= line.text.length
      count += 1
    }
    lines.splice(0, count)
    first += count
  }

  return {
    lines,
    get first() {
      return first
    },
    push(text) {
      for (const token of reader.read(text)) {
        if (token.kind === 'text') write(token.text, token.style)
        else if (token.kind === 'control') write(token.text, 'control')
        else if (token.kind === 'newline') newline()
        else returned = true
      }
      trim()
    },
  }
}

/** @returns {Line} */
function blank() {
  return { parts: [], text: '', overwrites: 0 }
}

/**
 * Where a text occurs, whatever its case: the number of the line (counting dropped ones) and the place in it.
 * @param {LogBuffer} buffer @param {string} wanted @param {number} limit how many are looked for
 * @returns {{ line: number, at: number }[]}
 */
export function findInLog({ lines, first }, wanted, limit) {
  const needle = wanted.toLowerCase()
  /** @type {{ line: number, at: number }[]} */
  const found = []
  for (const [index, { text }] of lines.entries()) {
    const line = text.toLowerCase()
    for (let at = line.indexOf(needle); at !== -1; at = line.indexOf(needle, at + needle.length)) {
      found.push({ line: first + index, at })
      if (found.length === limit) return found
    }
  }
  return found
}

/** Whether a part needs no element of its own. @param {Part} part */
export function isPlain({ style }) {
  return style === PLAIN
}
