import { element } from './dom.js'
import { addressesIn } from './log-links.js'
import { cut, isPlain } from './log-parts.js'

/** @import { Style } from './ansi.js' */
/** @import { Line } from './log-buffer.js' */
/** @import { Part } from './log-parts.js' */

/**
 * The element of a line. Its number is not among its text, so that it is neither copied nor found.
 * @param {Line} line @param {boolean} isContinued whether it only goes on with the one before
 * @param {(number: number) => string} addressOf where a line is found again
 */
export function drawn({ number, parts, text, overwrites }, isContinued, addressOf) {
  const box = element('div', { class: text === '' ? 'line blank' : 'line' })
  box.dataset.number = String(number)
  if (!isContinued) {
    const link = element('a', {
      class: 'number',
      href: addressOf(number),
      tabindex: '-1',
      'aria-hidden': 'true',
    })
    link.dataset.number = String(number)
    box.append(link)
  }
  let at = 0
  for (const { begin, end, href } of addressesIn(text)) {
    const label = cut(parts, begin, end)
    // What stands for a character without a shape is nothing that leads anywhere.
    if (label.some(({ style }) => style === 'control')) continue
    box.append(...cut(parts, at, begin).map(piece))
    const link = { class: 'out', href, target: '_blank', rel: 'noopener noreferrer' }
    box.append(element('a', link, ...label.map(piece)))
    at = end
  }
  box.append(...cut(parts, at, text.length).map(piece))
  if (overwrites > 0) {
    box.append(
      element('span', { class: 'again', title: `overwritten ${overwrites} times` }, `↻${overwrites}`),
    )
  }
  return box
}

/** @param {Part} part */
function piece(part) {
  return isPlain(part) ? part.text : span(part)
}

/** @param {Part} part */
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
