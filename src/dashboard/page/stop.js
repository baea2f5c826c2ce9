import { part } from './dom.js'
import { duration, runningMs } from './format.js'
import { complain, tell } from './toasts.js'

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').RunSummary} RunSummary */

/**
 * Stops a run, once the user has said yes.
 * @param {ParentNode} root @param {Api} api
 * @returns {(run: RunSummary) => void}
 */
export function createStop(root, api) {
  const dialog = part(root, 'stop-dialog', HTMLDialogElement)
  const button = part(root, 'stop', HTMLButtonElement)
  /** @type {RunSummary | null} */
  let asked = null

  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'yes' && asked) stop(asked).catch(complain)
  })

  /** @param {RunSummary} run */
  async function stop({ run_id }) {
    button.disabled = true
    button.textContent = 'Stopping …'
    try {
      const { stopped_pids, remaining_pids } = await api.stop(run_id)
      if (remaining_pids.length > 0) complain(new Error(`Still alive: pid ${remaining_pids.join(', ')}.`))
      else tell(stopped_pids.length > 0 ? `Stopped: pid ${stopped_pids.join(', ')}.` : 'Stopped.')
    } finally {
      button.disabled = false
      button.textContent = 'Stop'
    }
  }

  return (run) => {
    asked = run
    const ms = runningMs(run, api.now())
    const since = ms === null ? 'It is just starting.' : `It has run for ${duration(ms)}.`
    part(root, 'stop-text', HTMLElement).textContent =
      `${since} Everything that it started is ended with it: politely first, then by force.`
    dialog.returnValue = ''
    dialog.showModal()
  }
}
