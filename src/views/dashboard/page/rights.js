import { element, part } from './dom.js'

/** @import { Status } from './api.js' */

/**
 * Which buttons may be pressed. Those that change something stand in fieldsets that say which scope they need: they are
 * disabled while the service is away, and not there for whoever may not.
 * @param {HTMLElement} root
 */
export function createRights(root) {
  function draw() {
    for (const set of root.querySelectorAll('fieldset')) permit(root, set)
    part(root, 'read-only', HTMLElement).hidden = (root.dataset.may ?? 'run') === 'run'
  }

  return {
    /** @param {Status} status */
    take({ token }) {
      root.dataset.may = !token || token.scope === 'admin' ? 'run' : token.scope
      draw()
    },
    /** @param {boolean} open whether the service can be reached */
    setOpen(open) {
      root.dataset.link = open ? 'open' : 'lost'
      draw()
    },
  }
}

/** @param {HTMLElement} root @param {HTMLFieldSetElement} set */
function permit(root, set) {
  const { link, may = 'run' } = root.dataset
  set.hidden = may !== 'run' && may !== set.dataset.needs
  set.disabled = link === 'lost' || set.hidden
}

/** A button in a fieldset that says what it needs. @param {HTMLElement} root @param {HTMLElement} button @param {'run' | 'answer'} [needs] */
export function fieldsetIn(root, button, needs = 'run') {
  const made = element('fieldset', { 'data-needs': needs }, button)
  permit(root, made)
  return made
}
