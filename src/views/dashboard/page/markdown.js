import { element } from './dom.js'
import { addressesIn } from './log-links.js'

/** @import { Child } from './dom.js' */

// A backtick by its number: a line with one of them would look like the begin of a long text.
const FENCE = /^ {0,3}(\x60{3,}|~{3,})[ \t]*([^\x60\n]*)$/
const HEADING = /^ {0,3}#{1,6}[ \t]+/
/** What is bold begins and ends with what is no space. */
const BOLD = /\*\*(?=\S)([^*\n]{0,300}[^*\s])\*\*/g

/**
 * Markdown as people read it: paragraphs, code and what is bold; all else (lists, links, HTML) is text, as it was written.
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function markdown(text) {
  /** @type {HTMLElement[]} */
  const blocks = []
  /** @type {string[]} */
  let paragraph = []
  /** @type {{ mark: string, lines: string[] } | null} */
  let code = null

  function endParagraph() {
    if (paragraph.length > 0) blocks.push(element('p', {}, ...inline(paragraph.join('\n'))))
    paragraph = []
  }

  /** @param {string[]} lines */
  const codeBlock = (lines) => element('pre', { tabindex: '0' }, element('code', {}, lines.join('\n')))

  for (const line of text.split(/\r?\n/)) {
    const [, mark = '', words = ''] = FENCE.exec(line) ?? []
    if (code) {
      if (mark.startsWith(code.mark) && words.trim() === '') {
        blocks.push(codeBlock(code.lines))
        code = null
      } else code.lines.push(line)
    } else if (mark !== '') {
      endParagraph()
      code = { mark, lines: [] }
    } else if (HEADING.test(line)) {
      endParagraph()
      blocks.push(element('p', { class: 'heading' }, ...inline(line.replace(HEADING, ''))))
    } else if (line.trim() === '') endParagraph()
    else paragraph.push(line)
  }
  // One that is still written, or was cut off.
  if (code) blocks.push(codeBlock(code.lines))
  endParagraph()
  return blocks
}

/** A paragraph's text, with what in it is code. @param {string} text @returns {Child[]} */
function inline(text) {
  /** @type {Child[]} */
  const made = []
  const ticks = [...text.matchAll(/\x60+/g)]
  let at = 0
  for (const [number, { 0: run, index }] of ticks.entries()) {
    if (index < at) continue
    const end = ticks.slice(number + 1, number + 50).find(([other]) => other === run)
    if (!end) continue
    made.push(...linked(text.slice(at, index)))
    made.push(element('code', {}, unpadded(text.slice(index + run.length, end.index))))
    at = end.index + run.length
  }
  return [...made, ...linked(text.slice(at))]
}

/** Code that begins or ends with a backtick is set off by spaces. @param {string} code */
function unpadded(code) {
  return code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '' ? code.slice(1, -1) : code
}

/** Text with its addresses. @param {string} text @returns {Child[]} */
export function linked(text) {
  /** @type {Child[]} */
  const made = []
  let at = 0
  for (const { begin, end, href } of addressesIn(text)) {
    made.push(...bold(text.slice(at, begin)))
    made.push(element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text.slice(begin, end)))
    at = end
  }
  return [...made, ...bold(text.slice(at))].filter((child) => child !== '')
}

/** @param {string} text @returns {Child[]} */
function bold(text) {
  return text.split(BOLD).map((piece, index) => (index % 2 === 1 ? element('strong', {}, piece) : piece))
}
