import { part } from './dom.js'

/** @import { Status } from './api.js' */

/** @type {readonly string[]} */
const SCOPES = ['read', 'answer', 'run', 'admin']

/**
 * What may be used: fieldsets say which scope they need. Those that are kept are seen by whoever may not, and are left alone
 * while the service is away, so that somebody can go on writing.
 * @param {HTMLElement} root @param {Status} status
 */
export function createLoopRights(root, { token }) {
  const scope = token?.scope ?? 'admin'
  let isOpen = true
  part(root, 'read-only', HTMLElement).hidden = scope === 'run' || scope === 'admin'

  /** Without a word of the service: again, as something was added. @param {boolean} [open] whether the service can be reached */
  return (open = isOpen) => {
    isOpen = open
    for (const set of root.querySelectorAll('fieldset')) {
      const may = SCOPES.indexOf(scope) >= SCOPES.indexOf(set.dataset.needs ?? '')
      const isKept = set.dataset.kept !== undefined
      set.hidden = !may && !isKept
      set.disabled = !may || (!open && !isKept)
    }
  }
}
