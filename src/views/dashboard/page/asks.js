import { announce, element, part } from './dom.js'
import { fullTime, moment } from './format.js'
import { loadMoreStyles } from './more-styles.js'
import { fieldsetIn } from './rights.js'
import { complain, tell } from './toasts.js'

/** @import { Api, Ask } from './api.js' */

/** So many are shown; those who ask later come when these are answered. */
const MOST = 20

/** Shows what agents ask, with its styles. @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh */
export async function openAsks(root, api, refresh) {
  await loadMoreStyles()
  return createAsks(root, api, refresh)
}

/**
 * The questions of agents that nobody has answered, the oldest first, above everything else.
 * @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh
 */
function createAsks(root, api, refresh) {
  const box = element('section', { class: 'asks', 'aria-label': 'Questions' })
  part(root, 'desk', HTMLElement).before(box)
  /** Left as they are, so that what is being written stays. @type {Map<string, HTMLElement>} */
  const cards = new Map()

  /** @param {Ask} ask */
  function createCard({ ask_id, run_id, question, choices, default: standard, reference, digest, deadline }) {
    const id = `ask-${ask_id}`
    const form = element('form', {})
    const card = element('article', { 'aria-labelledby': id })
    let isBusy = false

    /** @param {string} answer */
    async function send(answer) {
      if (isBusy) return
      isBusy = true
      form.ariaBusy = 'true'
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Of this question, should it be another one by now.
        body: JSON.stringify({ answer, digest }),
      }
      try {
        await api.read(`asks/${encodeURIComponent(ask_id)}/answer`, init)
        tell(`Answered: ${answer}`)
      } catch (error) {
        complain(error)
      }
      isBusy = false
      form.ariaBusy = null
      await refresh()
    }

    if (choices.length > 0) {
      for (const choice of choices) {
        const button = element('button', { type: 'button' }, element('bdi', {}, choice))
        button.addEventListener('click', () => send(choice))
        form.append(button)
      }
    } else {
      const text = element('textarea', { rows: '2', 'aria-label': 'Answer', required: '' })
      const button = element('button', { type: 'submit', class: 'primary' }, 'Answer')
      form.append(text, button)
      form.addEventListener('submit', (event) => {
        event.preventDefault()
        if (text.value.trim() !== '') void send(text.value)
      })
    }

    const now = api.now()
    const until = element('time', {}, deadline === null ? '' : `until ${moment(deadline, now)}`)
    if (deadline !== null) until.title = fullTime(deadline)
    const about = element('small', {}, element('a', { href: `#/runs/${run_id}` }, 'Its run'))
    if (reference !== null) about.append(` · about ${reference}`)
    if (deadline !== null) about.append(' · ', until)
    if (standard !== null) about.append(`, then “${standard}”`)
    card.append(
      element('p', { id, class: 'question', dir: 'auto' }, question),
      about,
      fieldsetIn(root, form, 'answer'),
    )
    return card
  }

  /** Shows the ask that the address names, as a notification leads to it; with an answer that was chosen there, which is given here. */
  function showNamed() {
    const [, id = '', choice = ''] = /^#\/asks\/([^/]+)(?:\/(\d+))?$/.exec(location.hash) ?? []
    const card = cards.get(id)
    if (!card) return
    const buttons = [...card.querySelectorAll('button')]
    const chosen = choice === '' ? undefined : buttons[Number(choice)]
    for (const button of buttons) button.classList.toggle('picked', button === chosen)
    card.scrollIntoView({ block: 'nearest' })
    ;(chosen ?? card.querySelector('textarea') ?? buttons[0])?.focus()
    // It is shown once.
    history.replaceState(null, '', '#')
  }

  return async () => {
    /** @type {{ asks: Ask[] }} */
    const { asks } = await api.read(`asks?state=open&limit=${MOST}`)
    for (const [id, card] of cards) {
      if (asks.some(({ ask_id }) => ask_id === id)) continue
      card.remove()
      cards.delete(id)
    }
    for (const ask of asks.toReversed()) {
      if (cards.has(ask.ask_id)) continue
      const card = createCard(ask)
      cards.set(ask.ask_id, card)
      box.append(card)
      announce(`An agent asks: ${ask.question}`)
    }
    box.hidden = asks.length === 0
    showNamed()
  }
}
