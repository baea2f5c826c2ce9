import { ApiError, isFinal } from './api.js'
import { icon, part } from './dom.js'
import { duration, firstLine, isFailed, nameOf, runningMs, verdict } from './format.js'
import { byline } from './run-facts.js'
import { createRunFolds } from './run-folds.js'
import { createRunViews } from './run-views.js'
import { complain } from './toasts.js'

/** @import { Api, RunDetails, RunSummary } from './api.js' */

/** What there is of a run, and only of a run. */
const PARTS = ['verdict-line', 'byline', 'why', 'prompt', 'again', 'continue', 'stop', 'logless']

/**
 * One run: what it is, its log, and what can be done with it. Or why there is none.
 * @param {ParentNode} root @param {Api} api
 * @param {(run: RunSummary) => RunSummary} settled @param {import('./agents.js').Agents} agents
 * @param {{ again: (run: RunDetails) => void, goOn: (run: RunDetails) => void, stop: (run: RunDetails) => void }} asked starts another run like it, or one that goes on in its session; stops it
 */
export function createRunPanel(root, api, settled, agents, asked) {
  const title = part(root, 'title', HTMLElement)
  const symbol = part(root, 'icon', HTMLElement)
  const views = createRunViews(root, api)
  const folds = createRunFolds(root, api, complain)
  let shown = ''
  let logOf = ''
  /** @type {RunDetails | null} */
  let run = null

  function draw() {
    if (!run) return
    const { icon: shape, tone, label } = verdict(run)
    title.textContent = nameOf(run)
    for (const name of PARTS) part(root, name, HTMLElement).hidden = false
    symbol.replaceChildren(icon(shape))
    part(root, 'verdict-line', HTMLElement).className = `verdict tone-${tone}`
    part(root, 'failed', HTMLElement).hidden = !isFailed(run)
    part(root, 'byline', HTMLElement).replaceChildren(...byline(run, api.now()))
    const cause = run.cause === label ? null : run.cause
    part(root, 'why', HTMLElement).hidden = cause === null && !run.remedy
    part(root, 'why', HTMLElement).classList.toggle('bad', isFailed(run))
    put('cause', cause ?? '')
    put('remedy', run.remedy ?? '')
    put('prompt-start', firstLine(run.prompt, 200))
    put('prompt-text', run.prompt)
    folds.draw(run)
    part(root, 'stop', HTMLElement).hidden = run.outcome !== null
    const canGoOn = run.outcome !== null && run.session_id != null
    part(root, 'continue', HTMLElement).hidden = !canGoOn || agents.find(run.agent)?.can.resume !== true
    part(root, 'logless', HTMLElement).hidden = run.log_path !== null || run.outcome === null
    if (run.log_path === null) views.hide()
    else if (logOf !== run.run_id) {
      logOf = run.run_id
      views.open(run)
    } else views.put(run)
    tick()
  }

  function tick() {
    if (!run) return
    folds.tick()
    const { label } = verdict(run)
    const ms = runningMs(run, api.now())
    const long = ms === null ? '' : `${run.outcome === null ? ' for' : ' after'} ${duration(ms)}`
    put('verdict', `${label.charAt(0).toUpperCase()}${label.slice(1)}${long}`)
  }

  /** @param {string} name @param {string} text */
  function put(name, text) {
    const place = part(root, name, HTMLElement)
    if (place.textContent !== text) place.textContent = text
  }

  /** @param {string} runId */
  async function load(runId) {
    try {
      const details = await api.run(runId)
      if (shown !== runId) return
      run = { ...details, ...settled(details) }
      draw()
    } catch (error) {
      if (shown !== runId) return
      // It is asked for again when the service is back.
      if (!isFinal(error) && run === null) shown = ''
      if (!(error instanceof ApiError && error.status === 404)) return complain(error)
      instead('unknown', `There is no run ${runId}`)
    }
  }

  /** Shows that there is no run. @param {'first' | 'unknown'} name @param {string} words */
  function instead(name, words) {
    run = null
    logOf = ''
    views.hide()
    folds.draw(null)
    for (const each of PARTS) part(root, each, HTMLElement).hidden = true
    title.textContent = words
    for (const each of ['first', 'unknown']) part(root, each, HTMLElement).hidden = each !== name
  }

  part(root, 'stop', HTMLButtonElement).addEventListener('click', () => {
    if (run) asked.stop(run)
  })
  part(root, 'again', HTMLButtonElement).addEventListener('click', () => {
    if (run) asked.again(run)
  })
  part(root, 'continue', HTMLButtonElement).addEventListener('click', () => {
    if (run) asked.goOn(run)
  })

  return {
    tick,
    draw,
    /** @param {string} runId */
    show(runId) {
      if (runId === shown) return
      shown = runId
      run = null
      logOf = ''
      for (const each of ['first', 'unknown']) part(root, each, HTMLElement).hidden = true
      void load(runId)
    },
    /** Nothing has run yet. */
    showNone() {
      shown = ''
      instead('first', 'Nothing has run yet')
    },
    /** Takes news of a run, if it is this one. @param {RunSummary} news */
    put(news) {
      if (!run || news.run_id !== run.run_id) return
      const wasLaunched = run.command !== null
      run = { ...run, ...news }
      draw()
      // Some details are known from the launch on only.
      if (!wasLaunched || news.outcome !== null) void load(news.run_id)
    },
    close: views.close,
  }
}
