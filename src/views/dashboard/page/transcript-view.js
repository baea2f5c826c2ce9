import { element } from './dom.js'
import { drawnEntry } from './transcript-entry.js'

/** @import { Item } from './transcript-buffer.js' */
/** @typedef {{ version: number, made: HTMLElement }} Drawn */

/**
 * Draws the entries of a transcript: each once, and again when it has changed.
 * @param {HTMLElement} content where they go @param {() => number} now
 */
export function createTranscriptView(content, now) {
  const box = element('div', { class: 'entries' })
  /** @type {WeakMap<Item, Drawn>} */
  const drawn = new WeakMap()
  content.append(box)

  /** @param {Item} item */
  function elementOf(item) {
    const old = drawn.get(item)
    if (old?.version === item.version) return old.made
    const isOpen = old?.made instanceof HTMLDetailsElement && old.made.open
    const hadFocus = old?.made.contains(document.activeElement)
    const made = drawnEntry(item.entry, now(), isOpen)
    old?.made.replaceWith(made)
    if (hadFocus) made.querySelector('summary')?.focus()
    drawn.set(item, { version: item.version, made })
    return made
  }

  return {
    /** @param {readonly Item[]} items all that are loaded */
    draw(items) {
      const wanted = items.map(elementOf)
      const kept = new Set(wanted)
      for (const child of [...box.children])
        if (child instanceof HTMLElement && !kept.has(child)) child.remove()
      let next = box.firstElementChild
      for (const made of wanted) {
        if (made === next) next = next.nextElementSibling
        else box.insertBefore(made, next)
      }
    },
    /** Says what to do at the last error of this kind. @param {string | null} kind @param {string} remedy */
    advise(kind, remedy) {
      for (const old of box.querySelectorAll('.fault .remedy')) old.remove()
      if (kind === null || remedy === '') return
      const fault = [...box.querySelectorAll(`.fault[data-error="${kind}"]`)].at(-1)
      fault?.append(element('p', { class: 'remedy' }, remedy))
    },
  }
}
