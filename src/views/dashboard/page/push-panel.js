import { element } from './dom.js'
import { moment } from './format.js'
import { loadMoreStyles } from './more-styles.js'
import { DEVICE } from './push-device.js'
import { subscribe, unsubscribe } from './push-subscription.js'
import { explain } from './toasts.js'

/** @import { Api } from './api.js' */
/** @typedef {import('../../../push/schemas.ts').DeviceList['devices'][number]} Device */
/** @typedef {Device['wants'][number]} Want */

/** What a device may be told of. @type {[want: Want, label: string][]} */
const WANTS = [
  ['asks', 'Questions of agents'],
  ['ends', 'Ends of runs'],
  ['holds', 'Usage limits'],
]
/** What one is told of that has not chosen yet. @type {Want[]} */
const AT_FIRST = ['asks', 'ends']

/** A dialog in which this device is pushed to, or no more. @param {HTMLElement} root @param {Api} api */
export function createPushPanel(root, api) {
  const boxes = WANTS.map(([want, label]) => {
    const box = element('input', { type: 'checkbox' })
    return { want, box, line: element('label', { class: 'check' }, box, ` ${label}`) }
  })
  const problem = element('p', { class: 'problem', role: 'alert' })
  const note = element('p', { role: 'status' })
  const others = element('ul', {})
  const button = (/** @type {string} */ label, /** @type {() => Promise<unknown>} */ act) => {
    const made = element('button', { type: 'button' }, label)
    made.addEventListener('click', () => void attempt(act))
    return made
  }
  const [close, test, stop, save] = [
    button('Close', async () => dialog.close()),
    button('Send a test', async () => {
      await api.read(`push/devices/${localStorage.getItem(DEVICE)}/test`, { method: 'POST' })
      note.textContent = 'Sent. It should be shown in a moment.'
    }),
    button('Stop notifying', async () => {
      await forget()
      await draw()
    }),
    button('Notify me', () => keep()),
  ]
  save.className = 'primary'
  const title = element('h2', { id: 'push-title' }, 'Notify this device')
  const acts = element('div', { class: 'acts' }, close, stop, test, save)
  const lines = boxes.map(({ line }) => line)
  const dialog = element('dialog', { class: 'push', 'aria-labelledby': 'push-title' }, title)
  dialog.append(element('p', {}, 'Also while this page is closed:'), ...lines, note, problem, others, acts)
  root.append(dialog)

  /** Does one thing after the other, and says here what went wrong: a modal dialog covers the messages of the page. @param {() => Promise<unknown>} act */
  async function attempt(act) {
    if (dialog.ariaBusy === 'true') return
    dialog.ariaBusy = 'true'
    problem.textContent = ''
    note.textContent = ''
    try {
      await act()
    } catch (error) {
      const { text, remedy } = explain(error)
      problem.textContent = `${text} ${remedy ?? ''}`
    }
    dialog.ariaBusy = null
  }

  async function keep() {
    const wants = boxes.filter(({ box }) => box.checked).map(({ want }) => want)
    const { key } = await api.read('push/key')
    const subscription = await subscribe(key)
    const body = JSON.stringify({ ...subscription, wants, name: nameOfDevice() })
    const headers = { 'content-type': 'application/json' }
    const { device } = await api.read('push/devices', { method: 'POST', headers, body })
    localStorage.setItem(DEVICE, String(device.device_id))
    // Else an open page would tell of the same ends.
    localStorage.removeItem('looper.notify')
    await draw()
    note.textContent = 'This device is told from now on.'
  }

  /** @param {string} id */
  const remove = (id) => api.read(`push/devices/${id}/remove`, { method: 'POST' })

  async function forget() {
    const id = localStorage.getItem(DEVICE)
    localStorage.removeItem(DEVICE)
    await unsubscribe()
    if (id !== null) await remove(id)
  }

  async function draw() {
    /** @type {{ devices: Device[] }} */
    const { devices } = await api.read('push/devices')
    const own = devices.find(({ device_id }) => String(device_id) === localStorage.getItem(DEVICE))
    if (!own) localStorage.removeItem(DEVICE)
    for (const { want, box } of boxes) box.checked = (own?.wants ?? AT_FIRST).includes(want)
    test.hidden = !own
    stop.hidden = !own
    save.textContent = own ? 'Save' : 'Notify me'
    others.replaceChildren(...devices.filter((device) => device !== own).map(createLine))
  }

  /** Another device. @param {Device} device */
  function createLine({ device_id, name, owner, service, created_at, why }) {
    const label = name === '' ? service : name
    const from = ` · ${owner === null ? '' : `${owner}, `}since ${moment(created_at, api.now())}`
    const made = button('Remove', async () => {
      await remove(String(device_id))
      await draw()
    })
    made.setAttribute('aria-label', `Remove ${label}`)
    const words = element('span', {}, element('bdi', {}, label), element('small', {}, from))
    if (why !== null) words.append(element('small', {}, why))
    return element('li', {}, words, made)
  }

  return {
    forget: () => attempt(forget),
    async open() {
      await loadMoreStyles()
      // First: what is chosen meanwhile would be lost.
      await attempt(draw)
      dialog.showModal()
    },
  }
}

/** How this device is called among others. */
const nameOfDevice = () => {
  const [, browser = 'Browser'] = /(Edg|Firefox|Chrome|Safari)/.exec(navigator.userAgent) ?? []
  const [, system = navigator.platform] =
    /(Android|iPhone|iPad|Windows|Mac|Linux)/.exec(navigator.userAgent) ?? []
  return `${browser === 'Edg' ? 'Edge' : browser} on ${system}`
}
