import { element, icon } from './dom.js'
import { cost, errorName, moment, tokens } from './format.js'
import { linked, markdown } from './markdown.js'
import { showAll } from './show-all.js'
import { drawnCall } from './tool-call.js'

/** @import { Entry } from './api.js' */

/** More of a text is shown when it is asked for. */
const MAX_CHARS = 20_000

/**
 * The element of an entry.
 * @param {Entry} entry @param {number} now @param {boolean} isOpen whether it is unfolded
 * @returns {HTMLElement}
 */
export function drawnEntry(entry, now, isOpen) {
  switch (entry.kind) {
    case 'text':
      return drawnText(entry.text)
    case 'tool':
      return drawnCall(entry, isOpen)
    case 'usage':
      return element('p', { class: 'used' }, usageWords(entry))
    case 'error':
      return drawnError(entry, now)
  }
}

/** @param {string} text */
function drawnText(text) {
  const box = element('div', { class: 'said' }, ...markdown(text.slice(0, MAX_CHARS)))
  if (text.length > MAX_CHARS) box.append(showAll(text, () => box.replaceChildren(...markdown(text))))
  return box
}

/** @param {Extract<Entry, { kind: 'usage' }>} usage */
function usageWords({ of, input, cached, output, total, cost_usd }) {
  return [
    of === 'session' ? 'session' : null,
    input !== null && `${tokens(input)} in`,
    cached ? `${tokens(cached)} cached` : null,
    output !== null && `${tokens(output)} out`,
    input === null && output === null && total !== null && `${tokens(total)} tokens`,
    cost_usd !== null && cost(cost_usd),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** @param {Extract<Entry, { kind: 'error' }>} error @param {number} now */
function drawnError({ error, text, retrying, until }, now) {
  const more = [
    retrying && 'The agent tries again by itself.',
    until && `The limit ends ${moment(until, now)}.`,
  ].filter((words) => typeof words === 'string')
  const box = element(
    'div',
    { class: retrying ? 'fault retrying' : 'fault' },
    element('p', { class: 'kind' }, icon('bolt'), ` ${errorName(error)}`),
    element('p', {}, ...linked(text)),
    ...more.map((words) => element('p', { class: 'soft' }, words)),
  )
  box.dataset.error = error
  return box
}
