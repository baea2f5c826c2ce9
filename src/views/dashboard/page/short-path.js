import { copy } from './clipboard.js'
import { element } from './dom.js'
import { complain, tell } from './toasts.js'

/**
 * A path in no more than so many characters, shortened in its middle. All of it is told to whoever points at it, and copied by a
 * click.
 * @param {string} path @param {number} length
 * @returns {import('./dom.js').Child}
 */
export function shortPath(path, length) {
  if (path.length <= length) return path
  const begin = path.slice(0, Math.floor(length / 3))
  const end = path.slice(begin.length + 1 - length)
  const button = element('button', { type: 'button', class: 'path', title: path }, `${begin}…${end}`)
  button.append(element('span', { class: 'unseen' }, ', copy all of it'))
  button.addEventListener('click', () => copy(path).then(() => tell(`Copied ${path}`), complain))
  return button
}
