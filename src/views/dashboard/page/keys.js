/** What each key presses. A part that is hidden or disabled is not pressed. @type {Readonly<Record<string, string>>} */
const BUTTONS = { n: 'new', f: 'follow', w: 'wrap', s: 'stop', '?': 'help' }

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
    const button = find(BUTTONS[key] ?? '')
    if (button) button.click()
    else if (key === '/') find('search')?.focus()
    else if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1)
    else if (key === 'Escape') location.hash = ''
    else return
    event.preventDefault()
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
