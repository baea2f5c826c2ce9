import { ApiError, isFinal } from './api.js'
import { element, part } from './dom.js'
import { bytes } from './format.js'
import { createLogBuffer } from './log-buffer.js'
import { createLogSearch } from './log-search.js'
import { createLogView } from './log-view.js'
import { complain } from './toasts.js'
import { followTogether } from './together.js'

/** @typedef {import('./api.js').Api} Api */

/** Of a longer log only the end is asked for; all of it can be downloaded. */
const MAX_BYTES = 4 * 1024 * 1024
/** How near to the end counts as the end, in pixels. */
const NEAR_PX = 24

/**
 * A run's log: live, or as it was.
 * @param {ParentNode} root @param {Api} api
 */
export function createLogPanel(root, api) {
  const box = part(root, 'log', HTMLElement)
  const lines = part(root, 'lines', HTMLElement)
  const content = part(root, 'content', HTMLElement)
  const gap = part(root, 'gap', HTMLElement)
  const end = part(root, 'end', HTMLElement)
  const followButton = part(root, 'follow', HTMLButtonElement)
  const wrapButton = part(root, 'wrap', HTMLButtonElement)
  const jump = part(root, 'jump', HTMLButtonElement)
  const raw = part(root, 'raw', HTMLButtonElement)
  const view = createLogView(content)
  let buffer = createLogBuffer()
  const search = createLogSearch(root, () => buffer, view.lineAt)
  let reading = new AbortController()
  let follows = true
  let frame = 0
  let top = 0
  let height = 0
  let runId = ''

  /** @param {boolean} wanted */
  function setFollow(wanted) {
    follows = wanted
    followButton.ariaPressed = String(wanted)
    jump.hidden = wanted
    if (wanted) pin()
  }

  function pin() {
    lines.scrollTop = lines.scrollHeight
    note()
  }

  function note() {
    top = lines.scrollTop
    height = lines.scrollHeight
  }

  function draw() {
    frame = 0
    view.draw(buffer)
    search.update()
  }

  /** @param {string} text */
  function push(text) {
    buffer.push(text)
    frame ||= requestAnimationFrame(draw)
  }

  // What scrolls must be within reach of the keyboard.
  lines.tabIndex = 0
  lines.addEventListener('scroll', () => {
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_PX
    // Upwards, and not because something above went away: then it was the reader who scrolled.
    if (isAtEnd && !follows) setFollow(true)
    else if (follows && lines.scrollTop < top && lines.scrollHeight >= height) setFollow(false)
    note()
  })
  const growth = new ResizeObserver(() => follows && pin())
  growth.observe(content)
  growth.observe(lines)
  followButton.addEventListener('click', () => setFollow(!follows))
  jump.addEventListener('click', () => {
    setFollow(true)
    lines.focus()
  })
  wrapButton.addEventListener('click', () => {
    wrapButton.ariaPressed = String(lines.classList.toggle('wrap'))
  })
  raw.addEventListener('click', () => download().catch(complain))

  /** A plain link could not carry the token. */
  async function download() {
    raw.disabled = true
    try {
      const url = URL.createObjectURL(await api.log(runId))
      element('a', { href: url, download: `${runId}.log` }).click()
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
    } finally {
      raw.disabled = false
    }
  }

  /** @param {AbortSignal} signal */
  async function read(signal) {
    const offset = Math.max(0, (await api.logSize(runId)) - MAX_BYTES)
    gap.hidden = offset === 0
    gap.textContent = `${bytes(offset)} before this are left out here; the download has them.`
    const decoder = new TextDecoder()
    await followTogether(api.logStream(runId), {
      signal,
      isFinal,
      // Ids are offsets.
      lastId: String(offset),
      open: (lastId, streamSignal) => api.stream(api.logStream(runId), lastId, streamSignal),
      cut(event, first) {
        const { text, base64 } = JSON.parse(event.data)
        const all = typeof text === 'string' ? new TextEncoder().encode(text) : bytesOf(base64)
        return { ...event, data: JSON.stringify({ text: decoder.decode(all.subarray(first)) }) }
      },
      take({ event, data }) {
        const { text, base64 } = JSON.parse(data)
        if (typeof text === 'string') push(text)
        else if (typeof base64 === 'string') push(decoder.decode(bytesOf(base64)))
        if (event === 'end') say('End of the log.')
        return event === 'end'
      },
      tell(isOpen) {
        say(isOpen ? null : 'The connection is lost; trying again …')
      },
    })
  }

  /** @param {string | null} text */
  function say(text) {
    end.hidden = text === null
    end.textContent = text
    if (follows) pin()
  }

  function close() {
    reading.abort()
    cancelAnimationFrame(frame)
    frame = 0
  }

  return {
    /** Shows the log of a run from now on. @param {string} id */
    open(id) {
      close()
      runId = id
      reading = new AbortController()
      const { signal } = reading
      buffer = createLogBuffer()
      view.clear()
      search.clear()
      box.hidden = false
      gap.hidden = true
      raw.hidden = false
      say(null)
      setFollow(true)
      read(signal).catch((error) => {
        if (signal.aborted) return
        raw.hidden = true
        if (error instanceof ApiError) say(error.message)
        else complain(error)
      })
    },
    hide() {
      close()
      box.hidden = true
    },
    close() {
      close()
      growth.disconnect()
    },
  }
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
