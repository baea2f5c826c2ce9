import { element } from './dom.js'
import { isPlain } from './log-buffer.js'

/** @typedef {import('./ansi.js').Style} Style */
/** @typedef {import('./log-buffer.js').Line} Line */
/** @typedef {import('./log-buffer.js').LogBuffer} LogBuffer */

/** So many lines are laid out, or skipped by the browser while they are out of sight, together. */
const CHUNK_LINES = 200

/**
 * Draws a log's lines. Drawing is in chunks that the browser skips while they are out of sight (`content-visibility`),
 * and at most once a frame, however fast the log grows.
 * @param {HTMLElement} content where the lines go
 */
export function createLogView(content) {
  /** @type {{ first: number, box: HTMLElement }[]} */
  let chunks = []
  /** The number of the next line to draw; the line before it may still have grown. */
  let next = 0

  /** The element of a line, if it is drawn. @param {number} number */
  function lineAt(number) {
    const chunk = chunks.findLast(({ first }) => first <= number)
    return chunk?.box.children[number - chunk.first]
  }

  return {
    lineAt,
    clear() {
      chunks = []
      next = 0
      content.replaceChildren()
    },
    /** Draws what is new. @param {LogBuffer} buffer */
    draw({ lines, first }) {
      while (chunks[0] && (chunks[1]?.first ?? next) <= first) chunks.shift()?.box.remove()
      const open = Math.max(next - 1, first)
      for (let number = open; number < first + lines.length; number++) {
        const line = lines[number - first]
        if (!line) break
        const old = lineAt(number)
        if (old) old.replaceWith(drawn(line))
        else boxFor(number).append(drawn(line))
      }
      next = first + lines.length
    },
  }

  /** @param {number} number */
  function boxFor(number) {
    const last = chunks.at(-1)
    if (last && number - last.first < CHUNK_LINES) return last.box
    const box = element('div', { class: 'chunk' })
    chunks.push({ first: number, box })
    content.append(box)
    return box
  }
}

/** @param {Line} line */
function drawn({ parts, overwrites }) {
  const box = element('div', { class: 'line' })
  for (const part of parts) box.append(isPlain(part) ? part.text : span(part))
  if (overwrites > 0) {
    box.append(
      element('span', { class: 'again', title: `overwritten ${overwrites} times` }, `↻${overwrites}`),
    )
  }
  return box
}

/** @param {import('./log-buffer.js').Part} part */
function span({ text, style }) {
  if (style === 'control') return element('span', { class: 'control' }, text)
  const made = element('span', { class: classesOf(style).join(' ') }, text)
  if (typeof style.fg === 'string') made.style.setProperty('--fg', style.fg)
  if (typeof style.bg === 'string') made.style.setProperty('--bg', style.bg)
  return made
}

/** @param {Style} style */
function classesOf(style) {
  const { fg, bg, bold, dim, italic, underline, strike, inverse } = style
  const flags = { bold, dim, italic, underline, strike, inverse }
  return [
    ...Object.entries(flags).flatMap(([name, isOn]) => (isOn ? [name] : [])),
    ...(fg === null ? [] : [typeof fg === 'number' ? `fg fg-${fg}` : 'fg rgb']),
    ...(bg === null ? [] : [typeof bg === 'number' ? `bg bg-${bg}` : 'bg']),
  ]
}
