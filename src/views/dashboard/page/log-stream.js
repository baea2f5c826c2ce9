import { isFinal } from './api.js'
import { followTogether } from './together.js'

/**
 * Follows what is written to a run's log, up to its end.
 * @param {import('./api.js').Api} api @param {string} runId @param {number} from the byte to begin with
 * @param {AbortSignal} signal
 * @param {object} log
 * @param {(text: string) => void} log.push takes what comes
 * @param {() => void} log.restart is told when the log was cut off: what comes is its begin
 * @param {(text: string | null) => void} log.say tells how it stands
 * @throws what the service answered, where that is final
 */
export async function followLog(api, runId, from, signal, { push, restart, say }) {
  const decoder = new TextDecoder()
  let position = from
  await followTogether(api.logStream(runId), {
    signal,
    isFinal,
    // Ids are offsets.
    lastId: String(from),
    open: (lastId, streamSignal) => api.stream(api.logStream(runId), lastId, streamSignal),
    cut(event, first) {
      const { text, base64 } = JSON.parse(event.data)
      const all = typeof text === 'string' ? new TextEncoder().encode(text) : bytesOf(base64)
      return { ...event, data: JSON.stringify({ text: decoder.decode(all.subarray(first)) }) }
    },
    take({ event, data, id }) {
      if (signal.aborted) return true
      if (event === 'end') {
        say('End of the log.')
        return true
      }
      if (Number(id) <= position) restart()
      position = Number(id)
      const { text, base64 } = JSON.parse(data)
      if (typeof text === 'string') push(text)
      else if (typeof base64 === 'string') push(decoder.decode(bytesOf(base64)))
      return false
    },
    tell(isOpen) {
      if (!signal.aborted) say(isOpen ? null : 'The connection is lost; trying again …')
    },
  })
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
