import { part } from './dom.js'
import { createFollowControls } from './follow-controls.js'
import { complain } from './toasts.js'
import { createTranscriptBuffer } from './transcript-buffer.js'
import { followTranscript } from './transcript-stream.js'
import { createTranscriptView } from './transcript-view.js'

/** @import { Api, RunDetails } from './api.js' */

const PAGE = 200

/**
 * What a run's agent says: live, or as it was. A bounded part of it is loaded; the rest is a button away.
 * @param {ParentNode} root @param {Api} api
 * @param {object} told
 * @param {() => void} told.begun is told when there is something to show
 * @param {() => void} told.none is told that there is nothing, and will be nothing
 */
export function createTranscriptPanel(root, api, { begun, none }) {
  const box = part(root, 'talk', HTMLElement)
  const content = part(root, 'talk-content', HTMLElement)
  const gap = part(root, 'talk-gap', HTMLElement)
  const later = part(root, 'talk-later', HTMLButtonElement)
  const end = part(root, 'talk-end', HTMLElement)
  const jump = part(root, 'talk-jump', HTMLButtonElement)
  const followButton = part(root, 'follow-transcript', HTMLButtonElement)

  let runId = ''
  let buffer = createTranscriptBuffer()
  let reading = new AbortController()
  /** Aborted where what follows what is loaded is not asked for. */
  let streaming = new AbortController()
  let isEnded = false
  let isPaused = false
  /** Whether the service had none: of a run that has just begun that may change. */
  let isMissing = false
  let frame = 0
  /** @type {RunDetails | null} */
  let run = null

  const view = createTranscriptView(content, api.now)
  const follow = createFollowControls(box, content, followButton, jump, toEnd)

  function draw() {
    cancelAnimationFrame(frame)
    frame = 0
    view.draw(buffer.items)
    view.advise(run?.error_kind ?? null, run?.remedy ?? '')
    gap.hidden = (buffer.items[0]?.entry.seq ?? 1) === 1
    later.hidden = !isCut()
    follow.settle()
  }

  /** Whether something follows that is not loaded, because nobody looked. */
  const isCut = () => !isEnded && streaming.signal.aborted && !isPaused && !reading.signal.aborted

  function drawSoon() {
    frame ||= requestAnimationFrame(draw)
  }

  /** Goes on with what follows what is loaded. */
  function attach() {
    streaming.abort()
    streaming = new AbortController()
    const { signal } = streaming
    followTranscript(api, runId, buffer.last, AbortSignal.any([signal, reading.signal]), {
      push(entry) {
        buffer.push(entry)
        drawSoon()
        begun()
        if (!buffer.isFull) return
        if (follow.follows) return buffer.dropFirst()
        buffer.dropLast()
        streaming.abort()
      },
      ended() {
        isEnded = true
        say('End of the transcript.')
        if (buffer.items.length === 0) none()
      },
      tell: (isOpen) => say(isOpen ? null : 'The connection is lost; trying again …'),
    }).catch((error) => {
      if (reading.signal.aborted) return
      isMissing = true
      if (buffer.items.length === 0) none()
      else complain(error)
    })
  }

  /** @param {string | null} text */
  function say(text) {
    end.hidden = text === null
    end.textContent = text
    drawSoon()
  }

  async function loadEarlier() {
    const first = buffer.items[0]?.entry.seq ?? 1
    const wanted = { after: Math.max(0, first - 1 - PAGE), limit: PAGE }
    const { entries } = await api.transcript(runId, wanted, reading.signal)
    follow.set(false)
    const held = follow.held()
    buffer.prepend(entries)
    if (buffer.isFull) {
      buffer.dropLast()
      streaming.abort()
      isEnded = false
      end.hidden = true
    }
    draw()
    if (held) follow.hold(held.line, held.y)
  }

  function toEnd() {
    follow.set(true)
    if (isCut()) attach()
  }

  content.addEventListener('click', ({ target }) => {
    // Whoever opens something reads it, unless all of it is in sight.
    const fold = target instanceof Element && target.closest('summary')?.parentElement
    if (!(fold instanceof HTMLDetailsElement) || fold.open || !follow.follows) return
    follow.set(false)
    const goOn = () => box.scrollHeight <= box.clientHeight && follow.set(true)
    fold.addEventListener('toggle', goOn, { once: true })
  })
  const earlier = part(root, 'talk-earlier', HTMLButtonElement)
  earlier.addEventListener('click', async () => {
    const { signal } = reading
    earlier.disabled = true
    await loadEarlier().catch((error) => signal.aborted || complain(error))
    earlier.disabled = false
  })
  later.addEventListener('click', () => {
    buffer.dropFirst(0.5)
    attach()
  })

  function close() {
    reading.abort()
    streaming.abort()
    cancelAnimationFrame(frame)
    frame = 0
  }

  return {
    /** Shows the transcript of a run from now on. @param {RunDetails} shown */
    open(shown) {
      close()
      run = shown
      runId = shown.run_id
      reading = new AbortController()
      buffer = createTranscriptBuffer()
      isEnded = isPaused = isMissing = false
      end.hidden = true
      follow.set(true)
      attach()
      draw()
    },
    /** Takes news of the run. @param {RunDetails} news */
    put(news) {
      run = news
      drawSoon()
      if (!isMissing) return
      isMissing = false
      attach()
    },
    /** Nobody looks. */
    pause() {
      if (isEnded || streaming.signal.aborted) return
      isPaused = true
      streaming.abort()
    },
    /** Somebody looks again. */
    resume() {
      if (!isPaused) return
      isPaused = false
      attach()
    },
    hide: close,
    close() {
      close()
      follow.close()
    },
  }
}
