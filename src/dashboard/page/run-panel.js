import { element, icon, part, rows } from './dom.js'
import { askedBy, bytes, duration, firstLine, moment, runningMs, verdict } from './format.js'
import { createLogPanel } from './log-panel.js'
import { createStop } from './stop.js'
import { complain } from './toasts.js'

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').RunSummary} RunSummary */
/** @typedef {import('./api.js').RunDetails} RunDetails */

/**
 * One run: what it is, its log, and what can be done with it.
 * @param {ParentNode} root @param {Api} api
 * @param {(run: RunSummary) => RunSummary} settled @param {(run: RunDetails) => void} again
 */
export function createRunPanel(root, api, settled, again) {
  const title = part(root, 'title', HTMLElement)
  const symbol = part(root, 'icon', HTMLElement)
  const stopButton = part(root, 'stop', HTMLButtonElement)
  const againButton = part(root, 'again', HTMLButtonElement)
  const log = createLogPanel(root, api)
  const stop = createStop(root, api)
  let shown = ''
  let logOf = ''
  /** @type {RunDetails | null} */
  let run = null

  function draw() {
    if (!run) return
    const { icon: shape, tone, label } = verdict(run)
    const isLive = run.outcome === null
    symbol.replaceChildren(icon(shape))
    symbol.className = `tone-${tone}`
    part(root, 'byline', HTMLElement).replaceChildren(...byline(run, api.now()))
    const cause = part(root, 'cause', HTMLElement)
    cause.hidden = run.cause === null || run.cause === label
    cause.textContent = run.cause
    part(root, 'prompt', HTMLElement).hidden = false
    put('prompt-start', firstLine(run.prompt, 200))
    put('prompt-text', run.prompt)
    part(root, 'facts', HTMLElement).hidden = false
    put('facts-start', factsStart(run))
    part(root, 'facts-list', HTMLElement).replaceChildren(...facts(run))
    stopButton.hidden = !isLive
    againButton.hidden = false
    if (run.log_path === null) log.hide()
    else if (logOf !== run.run_id) {
      logOf = run.run_id
      log.open(run.run_id)
    }
    tick()
  }

  function tick() {
    if (!run) return
    const { label } = verdict(run)
    const ms = runningMs(run, api.now())
    const text = `${label.charAt(0).toUpperCase()}${label.slice(1)}${ms === null ? '' : `${run.outcome === null ? ' for' : ' after'} ${duration(ms)}`}`
    if (title.textContent !== text) title.textContent = text
  }

  /** @param {string} name @param {string} text */
  function put(name, text) {
    part(root, name, HTMLElement).textContent = text
  }

  /** @param {string} runId */
  async function load(runId) {
    const details = await api.run(runId)
    if (shown !== runId) return
    run = { ...details, ...settled(details) }
    draw()
  }

  stopButton.addEventListener('click', () => {
    if (run) stop(run)
  })
  againButton.addEventListener('click', () => {
    if (run) again(run)
  })

  return {
    tick,
    /** @param {string} runId */
    show(runId) {
      if (runId === shown) return
      shown = runId
      run = null
      logOf = ''
      load(runId).catch(complain)
    },
    /** Takes news of a run, if it is this one. @param {RunSummary} news */
    put(news) {
      if (!run || news.run_id !== run.run_id) return
      const wasLaunched = run.command !== null
      run = { ...run, ...news }
      draw()
      // Some details are known from the launch on only.
      if (!wasLaunched || news.outcome !== null) load(news.run_id).catch(complain)
    },
    close: log.close,
  }
}

/** @param {RunDetails} run @param {number} now */
function byline(run, now) {
  const began = moment(run.started_at ?? String(run.requested_at), now)
  const when = run.ended_at === null ? `since ${began}` : `${began} – ${moment(run.ended_at, now)}`
  return [run.agent, askedBy(run), run.workspace, when].map((text) => element('span', {}, text))
}

/** @param {RunDetails} run */
function factsStart({ pid, tokens_used, output_bytes, notice }) {
  return [
    pid && `pid ${pid}`,
    tokens_used !== null && `${tokens_used.toLocaleString('en')} tokens`,
    output_bytes !== null && bytes(output_bytes),
    notice,
  ]
    .filter(Boolean)
    .join('  ·  ')
}

/** @param {RunDetails} run */
function facts(run) {
  /** @param {number} seconds */
  const limit = (seconds) => (seconds > 0 ? duration(seconds * 1000) : 'none')
  return rows([
    ['Run', run.run_id],
    ['Request', run.request_id],
    ['Return code', run.return_code === null ? null : String(run.return_code)],
    ['Requested', run.requested_at],
    ['Announced', run.announced_at],
    [
      'Others stopped',
      run.stopped_at &&
        `${run.stopped_at}${run.stopped_pids.length > 0 ? ` (pid ${run.stopped_pids.join(', ')})` : ''}`,
    ],
    ['Started', run.started_at],
    ['Ended', run.ended_at],
    ['Notice', run.notice],
    ['Limits', `time ${limit(run.timeout_seconds)}, stall ${limit(run.stall_seconds)}`],
    ['Binary', run.binary],
    ['Command', run.command && element('code', {}, firstLine(run.command, 2000))],
    ['Log', run.log_path],
  ])
}
