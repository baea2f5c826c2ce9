import { element, part } from './dom.js'
import { loadOnce } from './door.js'
import { DEVICE } from './push-device.js'
import { complain } from './toasts.js'

/** @import { Api } from './api.js' */

/**
 * Where the service pushes: a button, in the place of that for notifications of an open page, and where notifications lead to.
 * @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh @param {AbortSignal} signal ends it
 * @returns {() => void} draws nothing: it is there as soon as it is known that the service pushes
 */
export function openPush(root, api, refresh, signal) {
  // Over plain HTTP from another machine a browser has none.
  if (!isSecureContext || !('serviceWorker' in navigator)) return () => undefined
  const button = element('button', { type: 'button' }, 'Notify this device')
  part(root, 'notify', HTMLButtonElement).replaceWith(button)
  const panel = loadOnce(async () => (await import('./push-panel.js')).createPushPanel(root, api))
  button.addEventListener('click', () => {
    panel.get().then(({ open }) => open(), complain)
  })
  // Who signs out is told nothing more; of who never asked for it there is nothing to load.
  part(root, 'sign-out', HTMLButtonElement).addEventListener('click', () => {
    if (localStorage.getItem(DEVICE)) panel.get().then(({ forget }) => forget(), complain)
  })
  navigator.serviceWorker.addEventListener(
    'message',
    ({ data: { to } }) => {
      if (to === '') return
      location.hash = to
      void refresh()
    },
    { signal },
  )
  navigator.serviceWorker.startMessages()
  return () => undefined
}
