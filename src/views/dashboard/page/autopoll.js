import { part } from './dom.js'
import { moment, withLocalTimes } from './format.js'
import { complain, tell } from './toasts.js'

/** @import { Api, Status } from './api.js' */
/** @typedef {NonNullable<Status['autopoll']>} AutopollState */

/** What the service says of a row of failures. */
const FAILURES =
  /^(?:paused: )?(?:the last run|(\d+) runs in a row) failed or ended at once(?:; the next is due at (\S+))?/

/** What the autopoll does next, and why. @param {AutopollState} autopoll @param {number} now @returns {[string, string | null]} */
export function autopollWords({ enabled, paused, next_at, would_skip }, now) {
  if (!enabled) return ['off', null]
  const [row, failures, due] = FAILURES.exec(would_skip ?? '') ?? []
  const many = row && (failures === undefined ? '1 failure' : `${failures} failures`)
  const why = many ?? (would_skip && withLocalTimes(would_skip, now))
  if (paused) return ['paused', why || null]
  if (due) return [`waits until ${moment(due, now)}, ${many}`, null]
  const next = next_at === null ? 'on' : `looks at ${moment(next_at, now)}`
  return [next, why ? `would not start now: ${why}` : null]
}

/**
 * The buttons for it.
 * @param {ParentNode} root @param {Api} api @param {() => Promise<void>} refresh
 * @returns {(status: Status) => void}
 */
export function createAutopoll(root, api, refresh) {
  const pause = part(root, 'pause', HTMLButtonElement)
  const launch = part(root, 'launch', HTMLButtonElement)
  let isPaused = false

  /** @param {'pause' | 'resume' | 'launch'} order @param {string} done */
  async function send(order, done) {
    pause.disabled = launch.disabled = true
    try {
      await api.autopoll(order)
      tell(done)
      await refresh()
    } catch (error) {
      complain(error)
    } finally {
      pause.disabled = launch.disabled = false
    }
  }

  pause.addEventListener(
    'click',
    () =>
      void (isPaused ? send('resume', 'The autopoll goes on.') : send('pause', 'The autopoll is paused.')),
  )
  launch.addEventListener('click', () => void send('launch', 'The default run is being started.'))

  return ({ autopoll }) => {
    part(root, 'autopoll-acts', HTMLElement).hidden = !autopoll?.enabled
    isPaused = autopoll?.paused ?? false
    pause.textContent = isPaused ? 'Resume autopoll' : 'Pause autopoll'
  }
}
