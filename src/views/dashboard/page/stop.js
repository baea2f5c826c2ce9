import { part } from './dom.js'
import { duration, nameOf, runningMs } from './format.js'
import { complain, tell } from './toasts.js'

/** @import { Api, RunSummary } from './api.js' */

/**
 * Stops a run, once the user has said yes.
 * @param {ParentNode} root @param {Api} api
 * @returns {(run: RunSummary, pressed?: HTMLButtonElement) => void} may be told which button was pressed for it
 */
export function createStop(root, api) {
  const dialog = part(root, 'stop-dialog', HTMLDialogElement)
  const main = part(root, 'stop', HTMLButtonElement)
  let button = main
  /** @type {RunSummary | null} */
  let asked = null

  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'yes' && asked) stop(asked).catch(complain)
  })

  /** @param {RunSummary} run */
  async function stop(run) {
    button.disabled = true
    button.textContent = 'Stopping …'
    try {
      const { stopped_pids, remaining_pids } = await api.stop(run.run_id)
      const name = `“${nameOf(run)}”`
      if (remaining_pids.length > 0)
        complain(new Error(`${name} is still alive: pid ${remaining_pids.join(', ')}.`))
      else tell(`Stopped ${name}${stopped_pids.length > 0 ? `: pid ${stopped_pids.join(', ')}` : ''}.`)
    } finally {
      button.disabled = false
      button.textContent = 'Stop'
    }
  }

  return (run, pressed = main) => {
    asked = run
    button = pressed
    const ms = runningMs(run, api.now())
    const since = ms === null ? 'It is just starting.' : `It has been running for ${duration(ms)}.`
    part(root, 'stop-name', HTMLElement).textContent = nameOf(run)
    part(root, 'stop-text', HTMLElement).textContent = run.waiting
      ? 'It waits for its slot: nothing of it was started yet.'
      : `${since} Everything that it started is stopped with it: first with SIGINT and SIGTERM, then with SIGKILL.`
    dialog.returnValue = ''
    dialog.showModal()
  }
}
