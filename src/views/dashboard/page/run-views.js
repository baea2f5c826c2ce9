import { part } from './dom.js'
import { linesIn } from './log-address.js'
import { createLogPanel } from './log-panel.js'
import { createTranscriptPanel } from './transcript-panel.js'

/** @import { Api, RunDetails } from './api.js' */
/** @typedef {'transcript' | 'log'} View */

const KEY = 'looper.view'
/** How long nothing is shown where a transcript may come. */
const PATIENCE_MS = 250

/**
 * What a run said: its transcript, where its agent tells one, or the log itself.
 * @param {ParentNode} root @param {Api} api
 */
export function createRunViews(root, api) {
  const box = part(root, 'log', HTMLElement)
  const views = part(root, 'views', HTMLElement)
  const toTranscript = part(root, 'to-transcript', HTMLButtonElement)
  const toLog = part(root, 'to-log', HTMLButtonElement)
  const log = createLogPanel(root, api)
  const transcript = createTranscriptPanel(root, api, { begun, none: () => show('log') })

  let runId = ''
  let isLogOpen = false
  /** Whether a person looks at the log on purpose. */
  let isKept = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting

  /** @param {View} view */
  function show(view) {
    clearTimeout(waiting)
    box.dataset.view = view
    toTranscript.ariaPressed = String(view === 'transcript')
    toLog.ariaPressed = String(view === 'log')
    if (view === 'transcript') return transcript.resume()
    if (!views.hidden) transcript.pause()
    if (isLogOpen) return
    isLogOpen = true
    log.open(runId)
  }

  /** There is a transcript. */
  function begun() {
    if (!views.hidden) return
    views.hidden = false
    show(isKept ? 'log' : 'transcript')
  }

  /** @param {View} view */
  function choose(view) {
    remember(view)
    isKept = view === 'log'
    show(view)
  }

  function keep() {
    if (box.dataset.view === 'log') isKept = true
  }

  const listening = new AbortController()
  const { signal } = listening
  toTranscript.addEventListener('click', () => choose('transcript'))
  toLog.addEventListener('click', () => choose('log'))
  for (const name of ['pointerdown', 'wheel', 'keydown'])
    box.addEventListener(name, keep, { signal, passive: true })
  const showLines = () => {
    if (linesIn(location.hash, runId) !== null) show('log')
  }
  addEventListener('hashchange', showLines, { signal })

  function close() {
    clearTimeout(waiting)
    isLogOpen = false
    transcript.hide()
    log.hide()
  }

  return {
    /** Shows what a run says from now on. @param {RunDetails} run */
    open(run) {
      close()
      runId = run.run_id
      box.hidden = false
      views.hidden = true
      isKept = remembered() === 'log' || linesIn(location.hash, runId) !== null
      if (isKept) show('log')
      else {
        // What is not seen yet does not move when the other view has more tools.
        box.dataset.view = 'waiting'
        waiting = setTimeout(() => show('log'), PATIENCE_MS)
      }
      transcript.open(run)
    },
    /** Takes news of the run. @param {RunDetails} run */
    put: (run) => transcript.put(run),
    hide() {
      runId = ''
      close()
      box.hidden = true
    },
    close() {
      close()
      log.close()
      transcript.close()
      listening.abort()
    },
  }
}

/** What was chosen last; some browsers keep nothing. @returns {string | null} */
function remembered() {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

/** @param {View} view */
function remember(view) {
  try {
    localStorage.setItem(KEY, view)
  } catch {
    // Then it is chosen again next time.
  }
}
