import { ApiError, isFinal } from './api.js'
import { part } from './dom.js'
import { createFollowControls } from './follow-controls.js'
import { addressOf, linesIn } from './log-address.js'
import { createLogBuffer } from './log-buffer.js'
import { createLogSearchDoor } from './log-search-door.js'
import { createLogSource } from './log-source.js'
import { followLog } from './log-stream.js'
import { createLogTimes } from './log-times.js'
import { createLogTools } from './log-tools.js'
import { createLogView } from './log-view.js'
import { complain } from './toasts.js'
import { beforeNextTry } from './visible.js'

/** How long the service is let alone that could not be reached. */
const RETRY_MS = 2000

/** @import { Api } from './api.js' */
/** @typedef {ReturnType<typeof createLogSource>} LogSource */

/**
 * A run's log: live, or as it was. A bounded part of it is loaded; the rest is a search, a link or a button away.
 * @param {ParentNode} root @param {Api} api
 */
export function createLogPanel(root, api) {
  const lines = part(root, 'lines', HTMLElement)
  const content = part(root, 'content', HTMLElement)
  const gap = part(root, 'gap', HTMLElement)
  const later = part(root, 'later', HTMLButtonElement)
  const end = part(root, 'end', HTMLElement)
  const followButton = part(root, 'follow', HTMLButtonElement)
  const jump = part(root, 'jump', HTMLButtonElement)
  const earlier = part(root, 'earlier', HTMLButtonElement)

  let runId = ''
  let reading = new AbortController()
  /** Aborted where the end of what is loaded is not the end of the log any more. */
  let streaming = new AbortController()
  let source = createLogSource(api, runId, reading.signal)
  let buffer = createLogBuffer()
  /** The byte with which what is loaded begins; null where its first lines were dropped. @type {number | null} */
  let begin = 0
  let isBusy = false
  let isOther = true
  let hasGrown = false
  let frame = 0
  let drawnFrom = 0
  /** The lines that the address names. @type {import('./log-address.js').Lines | null} */
  let chosen = null

  const view = createLogView(
    content,
    (number) => addressOf(runId, { from: number, to: number }),
    (number) => chosen !== null && number >= chosen.from && number <= chosen.to,
    (number) => times.of(number),
  )
  const times = createLogTimes(root, {
    loaded: () => ({ from: Number(buffer.lines[0]?.number), to: buffer.current }),
    ask: (wanted) => api.logTimes(runId, wanted, reading.signal),
    changed: view.mark,
  })
  const follow = createFollowControls(lines, content, followButton, jump, () =>
    isAttached() ? follow.set(true) : void work(showEnd),
  )
  const search = createLogSearchDoor(root, {
    buffer: () => buffer,
    lineAt: view.lineAt,
    find: (wanted, signal) => api.searchLog(runId, wanted, AbortSignal.any([signal, reading.signal])),
    goTo: (number) => work(() => goTo(number)),
  })

  function draw() {
    cancelAnimationFrame(frame)
    frame = 0
    if (buffer.first > drawnFrom) begin = null
    drawnFrom = buffer.first
    view.draw(buffer, isOther)
    isOther = false
    const before = Number(buffer.lines[0]?.number) - 1
    gap.hidden = begin === 0
    part(gap, 'gap-text', HTMLElement).textContent =
      before > 0
        ? `${before.toLocaleString('en')} lines before this are not loaded.`
        : 'Its begin is not loaded.'
    later.hidden = isAttached() || reading.signal.aborted
    search.update(hasGrown)
    times.update()
    hasGrown = false
  }

  const tools = createLogTools(root, {
    name: () => `${runId}.log`,
    whole: () => api.log(runId),
    chosen: async () => chosen && source.text(chosen),
  })

  const isAttached = () => !streaming.signal.aborted

  /** Shows another part. @param {typeof buffer} other @param {number} from the byte with which it begins */
  function replace(other, from) {
    buffer = other
    begin = from
    drawnFrom = buffer.first
    isOther = true
  }

  function detach() {
    streaming.abort()
    say(null)
    frame ||= requestAnimationFrame(draw)
  }

  /** Goes on with what is written from this byte on. @param {number} from */
  function attach(from) {
    streaming.abort()
    streaming = new AbortController()
    const { signal } = streaming
    followLog(api, runId, from, AbortSignal.any([signal, reading.signal]), {
      push(text) {
        buffer.push(text, !follow.follows)
        hasGrown = true
        frame ||= requestAnimationFrame(draw)
        if (follow.follows || !buffer.isFull) return
        buffer.dropLast()
        detach()
      },
      restart: () => replace(createLogBuffer(), 0),
      say,
    }).catch(fail)
  }

  async function showEnd() {
    const { number, offset } = await source.last()
    replace(createLogBuffer(number), offset)
    follow.set(true)
    attach(offset)
  }

  /** @param {number} number */
  async function goTo(number) {
    const from = Number(buffer.lines[0]?.number)
    if (number < from || number > buffer.current - (isAttached() ? 0 : 1)) {
      const there = await source.around(number)
      if (!there.buffer) throw new Error(`The log has ${there.total.toLocaleString('en')} lines.`)
      replace(there.buffer, there.begin)
      if (there.isLast) attach(there.end)
      else detach()
    }
    draw()
    const line = view.lineAt(buffer.indexOf(number))
    if (line) follow.show(line)
  }

  async function loadEarlier() {
    const { lines: before, begin: from } = await source.before(begin, Number(buffer.lines[0]?.number))
    follow.set(false)
    const held = follow.held()
    const at = held && view.placeOf(held.line)
    const isCut = buffer.prepend(before)
    begin = from
    drawnFrom = buffer.first
    isOther = true
    if (isCut) detach()
    draw()
    const line = at === null ? undefined : view.lineAt(at)
    if (held && line) follow.hold(line, held.y)
  }

  async function loadLater() {
    const next = await source.from(buffer.current)
    buffer.push(next?.text ?? '')
    if (next && !next.isLast) draw()
    else await showEnd()
  }

  /** One thing at a time; what was asked for a log that is not shown any more fails silently. @param {() => Promise<void>} task */
  async function work(task) {
    const { signal } = reading
    if (isBusy) return
    isBusy = true
    try {
      await task()
    } catch (error) {
      if (!signal.aborted) complain(error)
    } finally {
      if (!signal.aborted) isBusy = false
    }
  }

  /** Shows the lines that the address names, if it does. */
  function choose() {
    const before = chosen
    chosen = linesIn(location.hash, runId)
    view.mark()
    tools.choose(chosen !== null)
    const { from, to } = chosen ?? {}
    if (from !== undefined && (from !== before?.from || to !== before?.to)) void work(() => goTo(from))
  }

  content.addEventListener('click', (event) => {
    const { target } = event
    if (!(target instanceof HTMLElement) || !target.matches('.number')) return
    if (event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const number = Number(target.dataset.number)
    const other = event.shiftKey && chosen ? chosen.from : number
    location.hash = addressOf(runId, { from: Math.min(number, other), to: Math.max(number, other) })
  })
  const listening = new AbortController()
  addEventListener('hashchange', choose, { signal: listening.signal })
  earlier.addEventListener('click', () => work(loadEarlier))
  later.addEventListener('click', () => work(loadLater))
  /** @param {string | null} text */
  function say(text) {
    end.hidden = text === null
    end.textContent = text
    follow.settle()
  }

  /** Shows the end, once the service can be reached. */
  async function showSoon() {
    const { signal } = reading
    try {
      await showEnd()
    } catch (error) {
      if (signal.aborted) return
      if (isFinal(error)) return fail(error)
      say('The log cannot be loaded: the service cannot be reached. Trying again …')
      await beforeNextTry(RETRY_MS, signal)
      if (!signal.aborted) await showSoon()
    }
  }

  /** @param {unknown} error */
  function fail(error) {
    if (reading.signal.aborted) return
    tools.hide(true)
    if (error instanceof ApiError) say(error.message)
    else complain(error)
  }

  function close() {
    reading.abort()
    streaming.abort()
    cancelAnimationFrame(frame)
    frame = 0
  }

  return {
    /** Shows the log of a run from now on. @param {string} id */
    open(id) {
      close()
      runId = id
      reading = new AbortController()
      source = createLogSource(api, id, reading.signal)
      replace(createLogBuffer(), 0)
      view.clear()
      search.restart()
      times.restart().catch(() => undefined)
      isBusy = false
      gap.hidden = later.hidden = true
      tools.hide(false)
      say(null)
      chosen = linesIn(location.hash, id)
      if (chosen === null) {
        follow.set(true)
        void showSoon()
      } else {
        const { from } = chosen
        goTo(from).catch((error) => {
          // A line that is not there (any more) is no reason to show nothing.
          if (!(error instanceof ApiError)) complain(error)
          void showSoon()
        })
      }
    },
    hide: close,
    close() {
      close()
      follow.close()
      search.close()
      times.close()
      listening.abort()
    },
  }
}
