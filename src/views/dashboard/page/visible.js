/** Resolves when somebody may see the tab, or the signal aborts. @param {AbortSignal} signal @returns {Promise<void>} */
export function whenSeen(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look)
    look()
  })
}

/**
 * Resolves when a lost connection is worth another try at once (the network is back, the machine woke up, somebody looks
 * again), or the signal aborts.
 * @param {AbortSignal} signal @returns {Promise<void>}
 */
export function whenWoken(signal) {
  return new Promise((resolve) => {
    const heard = new AbortController()
    const done = () => {
      heard.abort()
      resolve()
    }
    const options = { signal: heard.signal }
    addEventListener('online', done, options)
    addEventListener('pageshow', done, options)
    document.addEventListener('visibilitychange', () => document.hidden || done(), options)
    signal.addEventListener('abort', done, options)
    if (signal.aborted) done()
  })
}

/** Resolves after a while, at once where another try is worth it, or the signal aborts. @param {number} ms @param {AbortSignal} signal */
export async function beforeNextTry(ms, signal) {
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), ms)
  await whenWoken(AbortSignal.any([signal, waiting.signal]))
  clearTimeout(timer)
}

/** Aborts when nobody can see the tab any more. @param {AbortSignal} signal ends the watch */
export function untilHidden(signal) {
  const hidden = new AbortController()
  const ended = AbortSignal.any([signal, hidden.signal])
  document.addEventListener('visibilitychange', () => document.hidden && hidden.abort(), { signal: ended })
  if (document.hidden) hidden.abort()
  return hidden.signal
}
