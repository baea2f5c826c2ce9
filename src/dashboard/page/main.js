import { ApiError, createApi } from './api.js'
import { copyOf, part } from './dom.js'
import { openSession } from './session.js'
import { complain } from './toasts.js'

/**
 * The token stays in localStorage, so that it is asked for once and not in every tab. It is the owner's own machine; the
 * page's policy lets no foreign script run that could read it, nothing is sent to another host, and "Sign out" removes it.
 * Below paths of one host there may be several services, each with a token of its own.
 */
const KEY = location.pathname === '/' ? 'looper.token' : `looper.token ${location.pathname}`
const RETRY_MS = 3000

const view = document.getElementById('view') ?? document.body
/** Ends what is shown. @type {() => void} */
let end = () => undefined

/** Asks the service whether this token (or none) will do, and shows what it may. @param {string | null} token */
async function enter(token) {
  const api = createApi(token, () => leave(token === null ? null : 'The service does not take this token.'))
  try {
    const status = await api.status()
    if (token !== null) localStorage.setItem(KEY, token)
    clear()
    end = openSession(view, api, status, () => leave(null))
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return
    if (error instanceof ApiError && view.childElementCount > 0) return showProblem(error)
    complain(error)
    setTimeout(() => enter(token), RETRY_MS)
  }
}

/** Forgets the token and everything that was shown. @param {string | null} problem what to say about it */
function leave(problem) {
  localStorage.removeItem(KEY)
  clear()
  view.append(copyOf('signed-out'))
  document.title = 'Looper'
  const form = part(view, 'form', HTMLFormElement)
  const input = part(view, 'token', HTMLInputElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void enter(input.value.trim())
  })
  if (problem !== null) showProblem(new Error(problem))
  input.focus()
}

/** @param {Error} error */
function showProblem(error) {
  const place = part(view, 'problem', HTMLElement)
  place.textContent = error instanceof ApiError ? `${error.message} ${error.remedy ?? ''}` : error.message
  place.hidden = false
}

function clear() {
  end()
  end = () => undefined
  view.replaceChildren()
  document.getElementById('toasts')?.replaceChildren()
}

// Signed out in one tab is signed out in all.
addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY && newValue === null) leave(null)
})

void enter(localStorage.getItem(KEY))
