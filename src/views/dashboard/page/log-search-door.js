import { part } from './dom.js'
import { complain } from './toasts.js'

/** @import { Searched } from './log-search.js' */

/**
 * The search of a log, whose script comes when somebody first goes to its field.
 * @param {ParentNode} root @param {Searched} log
 */
export function createLogSearchDoor(root, log) {
  const input = part(root, 'search', HTMLInputElement)
  const ending = new AbortController()
  const { signal } = ending
  /** @type {ReturnType<typeof import('./log-search.js').createLogSearch> | null} */
  let search = null

  async function load() {
    const { createLogSearch } = await import('./log-search.js')
    if (signal.aborted || search !== null) return
    search = createLogSearch(root, log)
    // What was typed meanwhile.
    if (input.value !== '') search.restart()
  }

  for (const name of ['focus', 'input'])
    input.addEventListener(name, () => search ?? load().catch(complain), { signal })

  return {
    /** What is loaded has changed. @param {boolean} hasGrown whether the log itself has, too */
    update: (hasGrown) => search?.update(hasGrown),
    /** Another log is shown. */
    restart: () => search?.restart(),
    close() {
      ending.abort()
      search?.close()
    },
  }
}
