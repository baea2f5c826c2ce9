import { announce, element, part } from './dom.js'
import { fullTime, moment } from './format.js'
import { loadMoreStyles } from './more-styles.js'
import { fieldsetIn } from './rights.js'
import { complain, tell } from './toasts.js'

/** @import { Api, Hold } from './api.js' */

/** Shows the agents that wait for their usage limits, with its styles. @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh */
export async function openHolds(root, api, refresh) {
  await loadMoreStyles()
  return createHolds(root, api, refresh)
}

/**
 * The agents of which nothing is launched until their usage limits are reset, above everything else; each can be released.
 * @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh
 */
function createHolds(root, api, refresh) {
  const box = element('section', { class: 'holds', 'aria-label': 'Usage limits' })
  part(root, 'desk', HTMLElement).before(box)
  /** Changed in place, so that a button keeps the focus. @type {Map<string, { line: HTMLElement, text: HTMLElement }>} */
  const rows = new Map()

  /** @param {string} agent */
  function createRow(agent) {
    const text = element('span', {})
    const button = element('button', { type: 'button', 'aria-label': `Release ${agent}` }, 'Release')
    button.title = 'Let its runs begin now'
    button.addEventListener('click', () => {
      // Disabled it would lose the focus.
      if (button.ariaBusy === 'true') return
      button.ariaBusy = 'true'
      api
        .release(agent)
        .then(() => tell(`Released ${agent}: its runs begin now.`), complain)
        .then(refresh)
        .finally(() => {
          button.ariaBusy = null
        })
    })
    // A name may be of another direction than what is said of it.
    const line = element(
      'p',
      {},
      element('span', {}, element('bdi', {}, agent), text),
      fieldsetIn(root, button),
    )
    box.append(line)
    const row = { line, text }
    rows.set(agent, row)
    return row
  }

  /** @param {Hold} hold */
  function words({ held_until, waiting_count: count }) {
    const until = held_until
      ? `for its usage limit until ${moment(held_until, api.now())}`
      : 'until another run has shown that its usage limit is reset'
    const waiting =
      count === 0 ? '' : ` · ${count === 1 ? '1 run waits' : `${count.toLocaleString('en')} runs wait`}`
    return ` waits ${until}${waiting}`
  }

  /** @param {readonly Hold[]} holds */
  return (holds) => {
    for (const [agent, { line }] of rows) {
      if (holds.some((hold) => hold.agent === agent)) continue
      line.remove()
      rows.delete(agent)
    }
    for (const hold of holds) {
      const known = rows.get(hold.agent)
      const { text } = known ?? createRow(hold.agent)
      text.textContent = words(hold)
      if (!known) announce(hold.agent + text.textContent)
      text.title = hold.held_until ? fullTime(hold.held_until) : ''
    }
    box.hidden = holds.length === 0
  }
}
