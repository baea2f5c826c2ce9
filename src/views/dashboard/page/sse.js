/** @typedef {{ event: string, data: string, id: string }} ServerEvent */

/**
 * Server-sent events through `fetch`, because the browser's own EventSource cannot send a token.
 * Source: html.spec.whatwg.org, "9.2.6 Interpreting an event stream".
 * @param {string} [lastId] the id that holds until another one comes
 * @returns {{ read(text: string): ServerEvent[] }}
 */
export function createEventReader(lastId = '') {
  let rest = ''
  let event = ''
  let id = lastId
  /** @type {string[]} */
  let data = []
  return {
    read(text) {
      /** @type {ServerEvent[]} */
      const events = []
      const all = rest + text
      rest = all.slice(all.lastIndexOf('\n') + 1)
      for (const raw of all.match(/[^\n]*\n/g) ?? []) {
        const line = raw.replace(/\r?\n$/, '')
        if (line === '') {
          if (data.length > 0) events.push({ event: event || 'message', data: data.join('\n'), id })
          event = ''
          data = []
          continue
        }
        const end = `${line}:`.indexOf(':')
        const field = line.slice(0, end)
        const value = line.slice(end + 1).replace(/^ /, '')
        if (field === 'event') event = value
        else if (field === 'data') data.push(value)
        else if (field === 'id') id = value
      }
      return events
    },
  }
}

/**
 * @typedef {object} Following
 * @property {(lastId: string, signal: AbortSignal) => Promise<Response>} open asks for the stream, from behind the event
 *   with this id; rejects where the answer is no stream
 * @property {(event: ServerEvent) => boolean} take takes an event; true: that was the last one
 * @property {(isOpen: boolean) => void} tell is told when the stream opens, and when it is lost
 * @property {(error: unknown) => boolean} isFinal whether trying again after this is of no use
 * @property {AbortSignal} signal ends it
 * @property {string} [lastId] the id of the event behind which it begins
 * @property {number} [quietMs] after this long without a byte (heartbeats count) the connection is taken for dead
 * @property {(signal: AbortSignal) => Promise<void>} [woken] resolves when another try is worth it before its time, or the
 *   signal aborts
 * @property {number} [firstWaitMs] how long to wait before the second try; then twice as long each time
 */

const MAX_WAIT_MS = 15_000

/**
 * Follows a stream, over lost connections too, until its last event or the signal. Never misses an event that has an id.
 * @param {Following} following
 * @returns {Promise<boolean>} whether the last event has come
 * @throws what `open` rejected with, where that is final
 */
export async function followEvents(following) {
  const { signal, woken, firstWaitMs = 500 } = following
  let { lastId = '' } = following
  let failures = 0
  while (!signal.aborted) {
    try {
      const ended = await readOnce(following, lastId, (id) => {
        lastId = id
        failures = 0
      })
      if (ended) return true
    } catch (error) {
      if (signal.aborted) return false
      if (following.isFinal(error)) throw error
    }
    following.tell(false)
    await sleep(Math.min(firstWaitMs * 2 ** failures, MAX_WAIT_MS), signal, woken)
    failures += 1
  }
  return false
}

/**
 * One connection. @returns whether that was all.
 * @param {Following} following @param {string} lastId @param {(id: string) => void} seen
 */
async function readOnce({ open, take, tell, signal, quietMs = 40_000 }, lastId, seen) {
  const quiet = new AbortController()
  const give = () => quiet.abort()
  let timer = setTimeout(give, quietMs)
  try {
    const response = await open(lastId, AbortSignal.any([signal, quiet.signal]))
    if (response.body === null) return true
    tell(true)
    const reader = createEventReader(lastId)
    const decoder = new TextDecoder()
    const body = response.body.getReader()
    for (let next = await body.read(); !next.done; next = await body.read()) {
      clearTimeout(timer)
      timer = setTimeout(give, quietMs)
      for (const event of reader.read(decoder.decode(next.value, { stream: true }))) {
        const isLast = take(event)
        seen(event.id)
        if (isLast) {
          quiet.abort()
          return true
        }
      }
    }
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** @param {number} ms @param {AbortSignal} signal @param {Following['woken']} woken */
async function sleep(ms, signal, woken) {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), ms)
  const either = AbortSignal.any([signal, over.signal])
  const slept = new Promise((resolve) => {
    either.addEventListener('abort', resolve, { once: true })
    /* c8 ignore next: ended as a connection is lost */
    if (either.aborted) resolve(null)
  })
  await Promise.race([slept, ...(woken ? [woken(either)] : [])])
  clearTimeout(timer)
  over.abort()
}
