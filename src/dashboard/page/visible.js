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

/** Aborts when nobody can see the tab any more. @param {AbortSignal} signal ends the watch */
export function untilHidden(signal) {
  const hidden = new AbortController()
  const ended = AbortSignal.any([signal, hidden.signal])
  document.addEventListener('visibilitychange', () => document.hidden && hidden.abort(), { signal: ended })
  if (document.hidden) hidden.abort()
  return hidden.signal
}
