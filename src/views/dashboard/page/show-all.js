import { element } from './dom.js'
import { bytes } from './format.js'

/** A button below a text that is cut off, which goes when all of it is shown. @param {string} text @param {() => void} show */
export function showAll(text, show) {
  const more = element('button', { type: 'button' }, `Show all of it (${bytes(text.length)})`)
  more.addEventListener('click', () => {
    show()
    more.remove()
  })
  return more
}
