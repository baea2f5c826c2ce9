import { part } from './dom.js'
import { complain } from './toasts.js'

/** @import { LogTimes } from './api.js' */

const AGAIN_MS = 1000
const MOST_LINES = 2000

/**
 * Shows when lines were written, where that was noted.
 * @param {ParentNode} root
 * @param {object} log
 * @param {() => { from: number, to: number }} log.loaded
 * @param {(wanted: { from: number, count: number }) => Promise<LogTimes>} log.ask
 * @param {() => void} log.changed
 */
export function createLogTimes(root, { loaded, ask, changed }) {
  const lines = part(root, 'lines', HTMLElement)
  const button = part(root, 'time', HTMLButtonElement)
  /** @type {LogTimes['times']} */
  let times = []
  /** @type {ReturnType<typeof setTimeout> | null} */
  let again = null

  async function load() {
    const { from, to } = loaded()
    /** @type {LogTimes['times']} */
    const found = []
    for (let next = from; next <= to; next += MOST_LINES)
      found.push(...(await ask({ from: next, count: MOST_LINES })).times)
    times = found
    changed()
  }

  function update() {
    if (!lines.classList.contains('timed')) return
    again ??= setTimeout(() => {
      again = null
      load().catch(() => undefined)
    }, AGAIN_MS)
  }

  button.addEventListener('click', () => {
    button.ariaPressed = String(lines.classList.toggle('timed'))
    if (lines.classList.contains('timed')) load().catch(complain)
  })

  return {
    update,
    /** When a line was written, in local time. @param {number} number */
    of(number) {
      const at = times.findLast(({ from }) => from <= number)
      return at && at.to >= number ? new Date(at.time).toLocaleTimeString('en-GB') : ''
    },
    /** Another log is shown. */
    async restart() {
      times = []
      button.hidden = true
      button.hidden = !(await ask({ from: 1, count: 0 })).noted
      update()
    },
    close() {
      if (again !== null) clearTimeout(again)
    },
  }
}
