import { isFinal } from './api.js'
import { followTogether } from './together.js'

/** @import { Api, Entry } from './api.js' */

/**
 * Follows what a run's agent says, up to its end.
 * @param {Api} api @param {string} runId @param {number} after the number of the entry behind which it begins
 * @param {AbortSignal} signal
 * @param {object} transcript
 * @param {(entry: Entry) => void} transcript.push takes what comes
 * @param {() => void} transcript.ended is told that nothing more comes
 * @param {(isOpen: boolean) => void} transcript.tell is told when the stream opens, and when it is lost
 * @throws what the service answered, where that is final
 */
export async function followTranscript(api, runId, after, signal, { push, ended, tell }) {
  const path = api.transcriptStream(runId)
  let last = after
  await followTogether(path, {
    signal,
    isFinal,
    lastId: String(after),
    open: (lastId, streamSignal) => api.stream(path, lastId, streamSignal),
    cut: (event) => event,
    take({ event, data, id }) {
      if (signal.aborted) return true
      if (event === 'end') {
        ended()
        return true
      }
      if (event !== 'entry' || Number(id) <= last) return false
      last = Number(id)
      push(JSON.parse(data))
      return false
    },
    tell(isOpen) {
      if (!signal.aborted) tell(isOpen)
    },
  })
}
