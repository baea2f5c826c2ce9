import { part } from './dom.js'
import { duration, isFailed, nameOf, runningMs, verdict } from './format.js'
import { tell } from './toasts.js'

/** @import { RunSummary } from './api.js' */

const KEY = 'looper.notify'

/**
 * Notifications of the browser for runs that end while nobody looks at the page, for whoever asks for them.
 * @param {ParentNode} root @param {number} since what ended before is not told, in milliseconds since the epoch
 * @returns {(run: RunSummary) => void} is told of every run
 */
export function createNotify(root, since) {
  const button = part(root, 'notify', HTMLButtonElement)
  /** @type {Set<string>} */
  const told = new Set()
  // Over plain HTTP from another machine a browser has none.
  const isKnown = 'Notification' in globalThis && isSecureContext
  const isOn = () => isKnown && localStorage.getItem(KEY) === 'on' && Notification.permission === 'granted'

  function draw() {
    button.hidden = !isKnown
    button.ariaPressed = String(isOn())
  }

  async function toggle() {
    if (isOn()) localStorage.removeItem(KEY)
    else if ((await Notification.requestPermission()) === 'granted') localStorage.setItem(KEY, 'on')
    else tell('The browser does not allow notifications of this page; its settings can.')
    draw()
  }

  button.addEventListener('click', () => void toggle())
  draw()

  return (run) => {
    if (run.ended_at === null || Date.parse(run.ended_at) < since || told.has(run.run_id)) return
    told.add(run.run_id)
    if (!isOn() || (!document.hidden && document.hasFocus())) return
    const ms = runningMs(run, 0)
    const body = `${verdict(run).label}${ms === null ? '' : ` after ${duration(ms)}`}`
    const title = `${isFailed(run) ? 'Failed' : 'Ended'}: ${nameOf(run)}`
    try {
      // All tabs tell of it; the tag makes one notification of that.
      const shown = new Notification(title, { body, tag: run.run_id, icon: 'dashboard/icon-192.png' })
      shown.addEventListener('click', () => {
        focus()
        location.hash = `#/runs/${run.run_id}`
        shown.close()
      })
    } catch {
      // Chrome on Android knows the constructor and refuses to use it.
      tell(`${title}: ${body}. This browser shows no notifications of pages.`)
    }
  }
}
