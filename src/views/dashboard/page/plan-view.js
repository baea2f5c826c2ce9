import { element, icon, rows } from './dom.js'
import { duration, firstLine, nameOf, runningMs } from './format.js'

/** @import { Plan, PlannedStop, RunSummary, Status } from './api.js' */
/** @import { Child } from './dom.js' */

/** Finds a run that the page knows. @typedef {(runId: string | null) => RunSummary | null} Known */

/** What a plan would not do, and why. @type {Readonly<Record<string, string>>} */
const OBSTACLES = {
  skip: 'It would be skipped: something runs.',
  wait: 'It would wait until its slot is free.',
  busy: 'Another launch is under way. This one would be refused until that is done.',
  blocked: 'It would be refused: what runs cannot be stopped.',
}

/** What will be stopped, in a box; nothing where nothing will be. @param {Plan} plan @param {Known} known @param {number} now */
export function stopsOf({ would, stop }, known, now) {
  const obstacle = OBSTACLES[would]
  const said = obstacle ? [element('p', { class: 'problem' }, obstacle)] : []
  if (stop.length === 0) return said
  const many = stop.length === 1 ? 'This will be stopped' : `These ${stop.length} will be stopped`
  const head = element('h3', {}, icon('stop'), many)
  return [
    ...said,
    head,
    element('ul', {}, ...stop.map((one) => element('li', {}, ...inWords(one, known, now)))),
  ]
}

/** @param {PlannedStop} planned @param {Known} known @param {number} now @returns {Child[]} */
function inWords({ pid, run_id, name, age_seconds, command, stoppable }, known, now) {
  const run = known(run_id)
  const ms = typeof age_seconds === 'number' ? age_seconds * 1000 : run && runningMs(run, now)
  const called = name ?? (run && nameOf(run))
  const since = ms === null ? '' : `running for ${duration(ms)}`
  const own = called ? [since] : [since, `pid ${pid}, not started by Looper`]
  const rest = [...own, stoppable ? '' : 'it cannot be stopped: another user owns it'].filter(Boolean)
  return [
    called ? element('strong', {}, called) : element('code', {}, firstLine(command, 160)),
    element('small', {}, rest.join(' · ')),
  ]
}

/** What the button that starts is called. @param {Plan | null} plan @param {boolean} stopsOnly */
export function startWords(plan, stopsOnly) {
  const stops = plan !== null && plan.stop.length > 0
  if (stopsOnly) return stops ? 'Send and stop' : 'Send'
  return stops ? 'Stop and start' : 'Start'
}

/** @param {Plan} plan @param {Status['notice']} notice how messages are sent */
export function planDetails({ notice: { message, route }, launch, stop }, notice) {
  const goes = notice?.kind === 'log' ? 'written to the server log only' : route && `sent to ${route}`
  return [
    element('h3', {}, 'Preview: nothing is done yet'),
    element(
      'dl',
      {},
      ...rows([
        ['Message', `“${message}”${goes ? `, ${goes}` : ''}`],
        ['Stop', stop.length === 0 ? 'nothing' : `pid ${stop.map(({ pid }) => pid).join(', ')}`],
        ['Wait', launch && launch.delay_seconds > 0 ? duration(launch.delay_seconds * 1000) : null],
        ['Start', launch ? element('code', {}, firstLine(launch.command, 600)) : 'nothing'],
        ['Workspace', launch?.workspace ?? null],
      ]),
    ),
  ]
}
