import { element } from './dom.js'
import { drawn } from './log-line.js'

/** @import { LogBuffer } from './log-buffer.js' */

/** So many lines are laid out, or skipped by the browser while they are out of sight, together. */
const CHUNK_LINES = 200

/**
 * Draws a log's lines. Drawing is in chunks that the browser skips while they are out of sight (`content-visibility`),
 * and at most once a frame, however fast the log grows.
 * @param {HTMLElement} content where the lines go
 * @param {(number: number) => string} addressOf where a line is found again
 * @param {(number: number) => boolean} isChosen whether the address names it
 * @param {(number: number) => string} timeOf when it was written
 */
export function createLogView(content, addressOf, isChosen, timeOf) {
  /** @type {{ first: number, box: HTMLElement }[]} */
  let chunks = []
  /** The place of the next line to draw. */
  let next = 0
  let digits = 0

  /** The element of a line, if it is drawn, by its place in the buffer. @param {number} at */
  function lineAt(at) {
    const chunk = chunks.findLast(({ first }) => first <= at)
    return chunk?.box.children[at - chunk.first]
  }

  function clear() {
    chunks = []
    next = 0
    content.replaceChildren()
  }

  return {
    lineAt,
    clear,
    /** The place of a line in the buffer, by its element. @param {Element} line */
    placeOf(line) {
      const chunk = chunks.find(({ box }) => box === line.parentElement)
      return chunk ? chunk.first + [...chunk.box.children].indexOf(line) : null
    },
    /** Others are chosen now. */
    mark() {
      for (const { box } of chunks) for (const line of box.children) mark(line)
    },
    /** Draws what is new. @param {LogBuffer} buffer @param {boolean} isOther whether all of it is */
    draw(buffer, isOther) {
      const { lines, first } = buffer
      const changed = buffer.takeChanged()
      if (isOther) {
        clear()
        next = first
      }
      while (chunks[0] && (chunks[1]?.first ?? next) <= first) chunks.shift()?.box.remove()
      const end = first + lines.length
      for (let at = Math.max(Math.min(changed, next), first); at < end; at++) {
        const line = lines[at - first]
        if (!line) break
        const isContinued = lines[at - first - 1]?.number === line.number
        const old = at < next ? lineAt(at) : undefined
        const made = drawn(line, isContinued, addressOf)
        mark(made)
        if (old) old.replaceWith(made)
        else boxFor(at).append(made)
      }
      for (; next > end; next--) {
        lineAt(next - 1)?.remove()
        if (chunks.at(-1)?.box.childElementCount === 0) chunks.pop()?.box.remove()
      }
      next = end
      const needed = String(lines.at(-1)?.number).length
      if (needed !== digits) content.style.setProperty('--digits', String(needed))
      digits = needed
    },
  }

  /** @param {Element} line */
  function mark(line) {
    if (!(line instanceof HTMLElement)) return
    const number = Number(line.dataset.number)
    line.classList.toggle('chosen', isChosen(number))
    const time = timeOf(number)
    // Of thousands of lines few change, and what is set anew is styled anew.
    if (line.dataset.time !== time) line.dataset.time = time
  }

  /** @param {number} at */
  function boxFor(at) {
    const last = chunks.at(-1)
    if (last && at - last.first < CHUNK_LINES) return last.box
    const box = element('div', { class: 'chunk' })
    chunks.push({ first: at, box })
    content.append(box)
    return box
  }
}
