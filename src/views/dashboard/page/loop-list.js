import { element, icon, part } from './dom.js'
import { pageOf } from './loop-api.js'
import { stateWords } from './loop-words.js'

/** @import { Loop } from './loop-api.js' */

/**
 * The loops, by name, each with what it does.
 * @param {HTMLElement} root @param {string | null} chosen the one whose page this is
 */
export function createLoopList(root, chosen) {
  const list = part(root, 'all', HTMLElement)
  const form = part(root, 'new', HTMLFormElement)
  const input = part(root, 'new-name', HTMLInputElement)
  /** Changed in place, so that a link keeps the focus. @type {Map<string, { row: HTMLElement, about: HTMLElement }>} */
  const rows = new Map()

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    location.assign(pageOf(input.value))
  })

  /** @param {string} name */
  function createRow(name) {
    const about = element('span', {})
    const link = element('a', { href: pageOf(name) }, element('strong', {}, name), about)
    if (name === chosen) link.ariaCurrent = 'page'
    const made = { row: element('li', {}, link), about }
    rows.set(name, made)
    return made
  }

  /** @param {Loop} loop */
  function draw(loop) {
    const { about } = rows.get(loop.name) ?? createRow(loop.name)
    const { icon: shape, tone, label } = stateWords(loop)
    const { iterations } = loop.limits
    const count = `${loop.used.iterations} ${iterations === null ? 'rounds' : `of ${iterations}`}`
    const text = `${label} · ${count}`
    about.className = `tone-${tone}`
    if (about.textContent !== text) about.replaceChildren(icon(shape), text)
  }

  return {
    draw,
    /** @param {readonly Loop[]} loops */
    take(loops) {
      for (const loop of loops) draw(loop)
      for (const [name, { row }] of rows) {
        if (loops.some((loop) => loop.name === name)) continue
        row.remove()
        rows.delete(name)
      }
      const wanted = loops.flatMap(({ name }) => rows.get(name)?.row ?? [])
      const isOther = wanted.some((row, index) => list.children[index] !== row)
      const isFirst = list.childElementCount === 0
      if (isOther) list.replaceChildren(...wanted)
      // On a phone they stand in one line, which scrolls.
      if (isFirst && chosen !== null)
        rows.get(chosen)?.row.scrollIntoView({ block: 'nearest', inline: 'nearest' })
      part(root, 'no-loops', HTMLElement).hidden = loops.length > 0
    },
  }
}
