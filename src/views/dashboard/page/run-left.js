import { ApiError } from './api.js'
import { element } from './dom.js'

/** @import { Api, RunDetails } from './api.js' */
/** @typedef {import('../../../reports/schemas.ts').ReportList['reports'][number]} Report */
/** @typedef {import('../../../reports/schemas.ts').ReportAnswer} ReportAnswer */
/** @typedef {{ reports: Report[], flags: import('../../../reports/schemas.ts').FlagList['flags'] }} Left */

/** The reports that are shown, as they were opened. @type {Map<string, HTMLElement>} */
let shown = new Map()

/**
 * What the agent of a run left for people, as rows: what it flagged, and its reports, each to be opened.
 * @param {Api} api @param {RunDetails} run @returns {Promise<[string, Node | null][]>}
 */
export async function left(api, run) {
  const { reports, flags } = await leftBy(api, run.run_id)
  const before = shown
  shown = new Map()
  for (const report of reports) {
    const key = `${report.report_id} ${report.version}`
    shown.set(key, before.get(key) ?? reportFold(api, report))
  }
  return [
    [
      'Flags',
      flags.length > 0 ? element('span', {}, ...flags.map(({ note }) => element('p', {}, note))) : null,
    ],
    ['Reports', shown.size > 0 ? element('span', {}, ...shown.values()) : null],
  ]
}

/** A service that is older knows of neither. @param {Api} api @param {string} runId @returns {Promise<Left>} */
async function leftBy(api, runId) {
  const id = encodeURIComponent(runId)
  try {
    const [{ reports }, { flags }] = await Promise.all([
      api.read(`runs/${id}/reports`),
      api.read(`flags?run_id=${id}`),
    ])
    return { reports, flags }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { reports: [], flags: [] }
    throw error
  }
}

/** Its title; its text as it is, when it is opened. @param {Api} api @param {Report} report */
function reportFold(api, { report_id, title }) {
  const text = element('pre', {})
  const fold = element('details', {}, element('summary', {}, title), text)
  fold.addEventListener('toggle', async () => {
    if (text.textContent !== '') return
    try {
      /** @type {ReportAnswer} */
      const { markdown } = await api.read(`reports/${report_id}`)
      text.textContent = markdown
    } catch (error) {
      text.textContent = String(error)
    }
  })
  return fold
}
