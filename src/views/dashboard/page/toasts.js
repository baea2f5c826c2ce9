import { ApiError } from './api.js'
import { element } from './dom.js'

const SHORT_MS = 6000

/** Shows a message for a while. @param {string} text */
export function tell(text) {
  const toast = show('status', text, null)
  setTimeout(() => toast.remove(), SHORT_MS)
}

/** Shows what went wrong and what to do about it, until it is closed. @param {unknown} error */
export function complain(error) {
  const { text, remedy } = explain(error)
  show('alert', text, remedy)
}

/** A failure in words. @param {unknown} error @returns {{ text: string, remedy: string | null }} */
export function explain(error) {
  if (error instanceof ApiError) return { text: error.message, remedy: error.remedy }
  // What fetch rejects with where there is no answer.
  if (error instanceof TypeError) {
    const remedy = 'Check that it runs. The page goes on by itself when it is back.'
    return { text: 'The service cannot be reached.', remedy }
  }
  return { text: error instanceof Error ? error.message : String(error), remedy: null }
}

/** @param {string} role @param {string} text @param {string | null} remedy */
function show(role, text, remedy) {
  const close = element('button', { 'aria-label': 'Close this message' }, '×')
  const body = element('div', {}, element('p', {}, text))
  if (remedy !== null) body.append(element('p', { class: 'remedy' }, remedy))
  const toast = element('div', { class: `toast ${role}`, role }, body, close)
  close.addEventListener('click', () => toast.remove())
  const place = document.getElementById('toasts')
  // The same complaint twice is one.
  for (const old of place?.children ?? []) if (old.textContent === toast.textContent) old.remove()
  place?.append(toast)
  return toast
}
