/** What each key presses: the first of those that are there. One that is hidden or disabled is not pressed. @type {Readonly<Record<string, string[]>>} */
const BUTTONS = {
  n: ['new'],
  t: ['to-transcript', 'to-log'],
  f: ['follow', 'follow-transcript'],
  w: ['wrap'],
  s: ['stop'],
  '?': ['help'],
}

/** Single keys, where nobody types. @param {ParentNode} root @param {AbortSignal} signal */
export function listenToKeys(root, signal) {
  /** @param {string} name @returns {HTMLElement | null} */
  const find = (name) => root.querySelector(`[data-part="${name}"]`)
  addEventListener('keydown', press, { signal })

  /** @param {KeyboardEvent} event */
  function press(event) {
    const { key, target } = event
    if (event.ctrlKey || event.altKey || event.metaKey || root.querySelector('dialog[open]')) return
    if (target instanceof HTMLElement && target.matches('input, textarea, select')) return
    const name = (BUTTONS[key] ?? []).find(isThere)
    if (name) find(name)?.click()
    else if (key === '/') toSearch()
    else if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1)
    else if (key === 'Escape') location.hash = ''
    else return
    event.preventDefault()
  }

  /** Whether it can be seen, and is not the one of two that is pressed already. @param {string} name */
  function isThere(name) {
    const button = find(name)
    const isChosen = button?.matches('.switch > [aria-pressed="true"]')
    return button?.checkVisibility({ visibilityProperty: true }) === true && !isChosen
  }

  /** Only the log is searched. */
  function toSearch() {
    const search = find('search')
    if (search && !search.checkVisibility()) find('to-log')?.click()
    search?.focus()
  }

  /** Goes to the run that many rows below the one that is shown. @param {number} by */
  function step(by) {
    const links = [...root.querySelectorAll('.runs a')]
    const at = links.findIndex((link) => link.ariaCurrent === 'true')
    const next = links[Math.min(Math.max(at + by, 0), links.length - 1)]
    if (next instanceof HTMLElement) {
      next.click()
      next.focus()
    }
  }
}
