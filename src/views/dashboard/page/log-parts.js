import { PLAIN } from './ansi.js'

/** @import { Style } from './ansi.js' */
/** @typedef {{ text: string, style: Style | 'control' }} Part Text of one look. */

/** Whether a part needs no element of its own. @param {Part} part */
export function isPlain({ style }) {
  return style === PLAIN
}

/** Adds a part behind others. @param {Part[]} parts @param {Part} part */
export function joined(parts, part) {
  const last = parts.at(-1)
  if (part.text === '') return parts
  if (last?.style === part.style) last.text += part.text
  else parts.push({ ...part })
  return parts
}

/** What of a line stands from a column up to another. @param {readonly Part[]} parts @param {number} from @param {number} to */
export function cut(parts, from, to) {
  /** @type {Part[]} */
  const found = []
  let begin = 0
  for (const { text, style } of parts) {
    joined(found, { text: text.slice(Math.max(0, from - begin), Math.max(0, to - begin)), style })
    begin += text.length
  }
  return found
}

/** A line with a part written over it. @param {readonly Part[]} parts @param {number} column @param {Part} part */
export function overlaid(parts, column, part) {
  const length = parts.reduce((sum, { text }) => sum + text.length, 0)
  const line = cut(parts, 0, column)
  joined(line, { text: ' '.repeat(Math.max(0, column - length)), style: PLAIN })
  joined(line, part)
  for (const rest of cut(parts, column + part.text.length, length)) joined(line, rest)
  return line
}
