import { part } from './dom.js'

/** Where the screen is too small to show all at once; small.css says the same. */
const SMALL = '(max-width: 58rem), (max-height: 30rem)'

/**
 * On a small screen one of log, runs and state is shown, as tabs; on a large one all are.
 * Source: w3.org/WAI/ARIA/apg, "Tabs pattern", with automatic activation.
 * @param {HTMLElement} root @param {AbortSignal} signal
 * @returns {(name: string) => void} shows one
 */
export function createPanels(root, signal) {
  const desk = part(root, 'desk', HTMLElement)
  const list = part(root, 'tabs', HTMLElement)
  const tabs = [...list.querySelectorAll('button')]
  const panels = [...desk.querySelectorAll('[data-panel]')]
  const small = matchMedia(SMALL)
  /** What names each panel on a large screen. */
  const titles = panels.map((panel) => panel.getAttribute('aria-labelledby') ?? '')

  /** @param {string} name */
  function show(name) {
    desk.dataset.tab = name
    for (const tab of tabs) {
      const isShown = tab.dataset.to === name
      tab.ariaSelected = String(isShown)
      tab.tabIndex = isShown ? 0 : -1
    }
  }

  function name() {
    for (const [index, panel] of panels.entries()) {
      if (small.matches) panel.setAttribute('role', 'tabpanel')
      else panel.removeAttribute('role')
      const tab = tabs.find(({ dataset }) => panel.id === `panel-${dataset.to}`)
      panel.setAttribute('aria-labelledby', (small.matches && tab?.id) || titles[index] || '')
    }
  }

  list.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLElement && target.dataset.to) show(target.dataset.to)
  })
  list.addEventListener('keydown', (event) => {
    const at = tabs.findIndex(({ ariaSelected }) => ariaSelected === 'true')
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const tab = tabs.at(to % tabs.length)
    tab?.click()
    tab?.focus()
  })
  small.addEventListener('change', name, { signal })
  name()
  show('log')
  return show
}
