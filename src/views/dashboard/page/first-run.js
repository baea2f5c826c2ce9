import { copy } from './clipboard.js'
import { element, part } from './dom.js'
import { complain, tell } from './toasts.js'

/** @import { Finding } from './api.js' */

/**
 * What to do first, where nothing has run yet: a command that starts a run, with the address of this very service.
 * @param {ParentNode} root @param {boolean} withToken
 */
export function createFirstRun(root, withToken) {
  const curl = part(root, 'curl', HTMLElement)
  curl.textContent = [
    `curl ${new URL('run', location.href.replace(/[?#].*/, ''))}`,
    ...(withToken ? ["-H 'X-Looper-Token: YOUR_TOKEN'"] : []),
    "-H 'Content-Type: application/json'",
    `-d '${JSON.stringify({ zulip_message: 'First run', codex_prompt: 'Say hello' })}'`,
  ].join(' \\\n  ')
  part(root, 'copy', HTMLButtonElement).addEventListener('click', () => {
    copy(curl.textContent ?? '').then(() => tell('Copied.'), complain)
  })
}

/** Shows what is wrong with the settings. @param {HTMLElement} place @param {readonly Finding[]} findings */
export function showFindings(place, findings) {
  place.hidden = findings.length === 0
  const many = findings.length === 1 ? '1 problem' : `${findings.length} problems`
  place.replaceChildren(
    element('h3', {}, `${many} with the settings`),
    element(
      'ul',
      {},
      ...findings.map(({ problem, remedy }) =>
        element('li', {}, problem, element('p', { class: 'remedy' }, remedy ?? '')),
      ),
    ),
  )
}
