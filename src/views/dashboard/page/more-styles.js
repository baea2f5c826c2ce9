import { element } from './dom.js'

/** @type {Promise<void> | null} */
let loading = null

/** Loads the styles of what is rarely shown, once. Without them it is shown all the same. @returns {Promise<void>} */
export function loadMoreStyles() {
  loading ??= new Promise((resolve) => {
    const link = element('link', { rel: 'stylesheet', href: 'dashboard/more.css' })
    for (const name of ['load', 'error']) link.addEventListener(name, () => resolve())
    document.head.append(link)
  })
  return loading
}
