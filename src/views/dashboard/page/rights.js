import { element, part } from './dom.js'

/** @import { Status } from './api.js' */

/**
 * Which buttons may be pressed. Those that change something stand in fieldsets that say which scope they need: they are
 * disabled while the service is away, and not there for whoever may only read.
 * @param {HTMLElement} root
 */
export function createRights(root) {
  let isOpen = true
  let canRun = true

  function draw() {
    root.dataset.link = isOpen ? 'open' : 'lost'
    for (const set of root.querySelectorAll('fieldset')) {
      set.disabled = !isOpen || !canRun
      set.hidden = !canRun
    }
    part(root, 'read-only', HTMLElement).hidden = canRun
  }

  return {
    /** @param {Status} status */
    take({ token }) {
      canRun = !token || /run|admin/.test(token.scope)
      draw()
    },
    /** @param {boolean} open whether the service can be reached */
    setOpen(open) {
      isOpen = open
      draw()
    },
  }
}

/** A button in a fieldset as {@link createRights} sets those that are there. @param {ParentNode} root @param {HTMLElement} button */
export function fieldsetIn(root, button) {
  const made = element('fieldset', { 'data-needs': 'run' }, button)
  const other = root.querySelector('fieldset')
  made.disabled = other?.disabled === true
  made.hidden = other?.hidden === true
  return made
}
