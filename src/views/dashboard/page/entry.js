import { ApiError, createApi, ROOT } from './api.js'
import { copyOf, part } from './dom.js'
import { explain } from './toasts.js'
import { whenWoken } from './visible.js'

/**
 * The token stays in localStorage, so that it is asked for once and not in every tab. It is the owner's own machine; the
 * page's policy lets no foreign script run that could read it, nothing is sent to another host, and "Sign out" removes it.
 * Below paths of one host there may be several services, each with a token of its own.
 */
const KEY = ROOT.pathname === '/' ? 'looper.token' : `looper.token ${ROOT.pathname}`
const RETRY_MS = 3000

const view = document.getElementById('view') ?? document.body
/** Ends what is shown. @type {() => void} */
let end = () => undefined
/** Shows what the service tells, and ends that. @typedef {typeof import('./session.js').openSession} Open */
/** @type {Open} */
let openSession

/** Why a token is not taken, for whoever has to find another one. @param {string} code @param {boolean} wasTaken */
function refusal(code, wasTaken) {
  if (code === 'LOOPER_TOKEN_EXPIRED')
    return 'This token has expired. Ask whoever runs the service for a new one.'
  if (wasTaken) return 'The token that was used here is no longer valid: it was replaced or removed.'
  return 'The service does not know this token. Check that all of it was copied.'
}

/**
 * Asks the service whether this token (or none) will do, and shows what it may.
 * @param {string | null} token @param {boolean} wasTaken whether the service took it before
 */
async function enter(token, wasTaken) {
  let isIn = wasTaken
  const api = createApi(token, (code) => leave(token === null ? null : refusal(code, isIn)))
  try {
    const status = await api.status()
    isIn = true
    if (token !== null) localStorage.setItem(KEY, token)
    clear()
    end = openSession(view, api, status, () => leave(null))
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return
    if (view.querySelector('[data-part="problem"]')) {
      const { text, remedy } = explain(error)
      return showProblem(`${text} ${remedy ?? ''}`)
    }
    showAway(error)
    // At once where the machine comes back from sleep or to its network.
    const waiting = new AbortController()
    setTimeout(() => waiting.abort(), RETRY_MS)
    await whenWoken(waiting.signal)
    await enter(token, wasTaken)
  }
}

/** @param {unknown} error why there is nothing to show yet */
function showAway(error) {
  clear()
  view.append(copyOf('unreachable'))
  part(view, 'text', HTMLElement).textContent = explain(error).text
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
    void enter(input.value.trim(), false)
  })
  if (problem !== null) showProblem(problem)
  input.focus()
}

/** @param {string} text */
function showProblem(text) {
  const place = part(view, 'problem', HTMLElement)
  place.textContent = text
  place.hidden = false
  part(view, 'token', HTMLElement).setAttribute('aria-invalid', 'true')
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

/** Shows this to whoever may see it. @param {Open} open */
export function begin(open) {
  openSession = open
  void enter(localStorage.getItem(KEY), localStorage.getItem(KEY) !== null)
}
