import { isFinal, ROOT } from './api.js'
import { part } from './dom.js'
import { followEvents } from './sse.js'
import { complain } from './toasts.js'
import { untilHidden, whenSeen, whenWoken } from './visible.js'

/** @import { Api } from './api.js' */
/** @import { ServerEvent } from './sse.js' */
/**
 * @typedef {object} Following A stream that is followed together with other tabs. Either none of its events has an id, or
 *   all have, and the ids are numbers that grow, but for the last one's.
 * @property {(lastId: string, signal: AbortSignal) => Promise<Response>} open
 * @property {(event: ServerEvent) => boolean} take
 * @property {(isOpen: boolean) => void} tell
 * @property {(error: unknown) => boolean} isFinal
 * @property {AbortSignal} signal
 * @property {string} lastId
 * @property {(event: ServerEvent, first: number) => ServerEvent} cut what of an event is behind so much of it
 */
/**
 * @typedef {object} News What tabs tell each other.
 * @property {boolean} [asks] whether a tab has come, and wants to know how it stands
 * @property {number} [connection] the one that is open, another number each time; 0: it is lost
 * @property {string} [from] the id of the event before
 * @property {ServerEvent} [event]
 */

/**
 * Follows a stream as `followEvents` does, but over one connection for all tabs of the browser, and over none while
 * nobody looks at the tab: a browser opens no more than six to a host, and with them taken no tab could ask for anything.
 * Where the browser has no locks (pages over plain HTTP from another machine), each tab has a connection of its own.
 * @param {string} name what all tabs call this stream
 * @param {Following} following
 * @throws what `open` rejected with, where that is final
 */
export async function followTogether(name, following) {
  const { signal } = following
  const place = { lastId: following.lastId }
  while (!signal.aborted) {
    await whenSeen(signal)
    const watched = AbortSignal.any([signal, untilHidden(signal)])
    const ended = await ('locks' in navigator
      ? share(`looper ${ROOT.pathname} ${name}`, following, place, watched)
      : alone(following, place, watched))
    if (ended) return
  }
}

/**
 * Follows what happens to all runs and loops, and says in the bar of the page whether it can be heard.
 * @param {HTMLElement} root @param {Api} api @param {AbortSignal} signal
 * @param {(event: ServerEvent) => void} take @param {(open: boolean) => void} tell
 */
export function followSteps(root, api, signal, take, tell) {
  const link = part(root, 'link', HTMLElement)
  followTogether('events', {
    signal,
    isFinal,
    lastId: '',
    open: (lastId, streamSignal) => api.stream('events', lastId, streamSignal),
    cut: (event) => event,
    take(event) {
      take(event)
      return false
    },
    tell(open) {
      link.textContent = open ? 'live' : 'reconnecting'
      link.classList.toggle('lost', !open)
      tell(open)
    },
  }).catch((error) => signal.aborted || complain(error))
}

/**
 * @param {Following} following @param {{ lastId: string }} place where this tab stands @param {AbortSignal} signal
 * @param {Partial<Following>} [other] what is different
 */
function alone(following, place, signal, other = {}) {
  return followEvents({
    ...following,
    lastId: place.lastId,
    signal,
    woken: whenWoken,
    take(event) {
      place.lastId = event.id
      return following.take(event)
    },
    ...other,
  })
}

/**
 * The tab that holds the lock has the connection, and tells all others what comes. A tab that stands behind what it is told
 * fetches what it has missed by itself.
 * @param {string} name @param {Following} following @param {{ lastId: string }} place @param {AbortSignal} watched
 * @returns {Promise<boolean>} whether that was all
 */
async function share(name, following, place, watched) {
  const channel = new BroadcastChannel(name)
  const over = new AbortController()
  const signal = AbortSignal.any([watched, over.signal])
  let leads = false
  let ended = false
  /** The connection of the tab that leads, this one or another. @type {number | null} */
  let connection = null
  /** Where that tab stands. */
  let newest = ''
  /** @type {Promise<void> | null} */
  let catching = null
  /** @type {unknown} */
  let failure = null

  /** @param {News} news */
  const say = (news) => channel.postMessage(news)

  /** @param {ServerEvent} event */
  function use(event) {
    place.lastId = event.id
    ended = following.take(event)
    if (ended) over.abort()
    return ended
  }

  /** @param {News} news */
  function hear(news) {
    if (leads) {
      if (news.asks && connection !== null) say({ connection, from: place.lastId })
      return
    }
    if (news.connection !== undefined && news.connection !== connection) {
      connection = news.connection
      following.tell(connection !== 0)
    }
    if (news.from === undefined) return
    newest = news.event?.id ?? news.from
    if (catching !== null || ended) return
    const ahead = Number(place.lastId) - Number(news.from)
    const isKnown = newest !== '' && Number(newest) <= Number(place.lastId)
    if (ahead < 0) catching = catchUp()
    else if (news.event && !isKnown) use(ahead > 0 ? following.cut(news.event, ahead) : news.event)
  }

  async function catchUp() {
    try {
      await alone(following, place, signal, {
        take: (event) => use(event) || Number(event.id) >= Number(newest),
        tell: () => undefined,
      })
    } catch (error) {
      failure = error
      over.abort()
    }
    catching = null
  }

  async function lead() {
    await catching
    leads = true
    await alone(following, place, signal, {
      take(event) {
        say({ from: place.lastId, event })
        return use(event)
      },
      tell(isOpen) {
        connection = isOpen ? Math.random() : 0
        say({ connection })
        following.tell(isOpen)
      },
    })
  }

  channel.onmessage = ({ data }) => hear(data)
  say({ asks: true })
  try {
    await navigator.locks.request(name, { signal }, lead)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    over.abort()
    channel.close()
  }
  if (failure !== null) throw failure
  return ended
}
