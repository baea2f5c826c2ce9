import { element, part } from './dom.js'
import { NAMES, PLACES } from './form-fields.js'

/** @import { RunDetails } from './api.js' */
/** @import { Name } from './form-fields.js' */

/** What the API calls these fields. @type {readonly Name[]} */
const MORE_NAMES = [
  [/'?\bshare_workspace\b'?/g, 'share', '“Share the workspace”'],
  [/'slot'|^slot\b/g, 'slot', 'the slot'],
  [/'?\bif_running\b'?/g, 'way', '“If a run is in it”'],
  [/'?\bmax_tokens\b'?/g, 'budget', 'the budget in tokens'],
  [/'?\bmax_cost_usd\b'?/g, 'budget', 'the budget in dollars'],
]

/** What the service may do where the slot is taken. @type {readonly (readonly [string, string])[]} */
const WAYS = [
  ['', 'stop it, then start'],
  ['queue', 'wait behind what waits already'],
  ['coalesce', 'wait in the place of what waits'],
  ['resume', 'go on in its session'],
  ['skip', 'do nothing'],
]

/**
 * The fields of a new run that are rarely filled in; they are made when somebody first looks for them.
 * @param {HTMLElement} root @param {() => string[]} slots
 */
export function createMoreFields(root, slots) {
  // Before the others: one name is part of another.
  NAMES.unshift(...MORE_NAMES)
  PLACES.LOOPER_BUDGET_UNKNOWN = 'budget'
  const slot = element('input', {
    id: 'slot',
    name: 'slot',
    list: 'slots',
    maxlength: '64',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'slot-hint slot-problem',
  })
  const ways = WAYS.map(([value, words]) => element('option', { value }, words))
  const way = element('select', { id: 'way', name: 'way', 'aria-describedby': 'way-problem' }, ...ways)
  const share = element('input', { type: 'checkbox', name: 'share', 'aria-describedby': 'share-problem' })
  const tokens = amount('tokens')
  const dollars = amount('dollars')
  const offered = element('datalist', { id: 'slots' })
  part(root, 'limits', HTMLElement)
    .querySelector('summary')
    ?.after(
      element(
        'div',
        { class: 'agent' },
        element('div', {}, label('slot', 'Slot', 'if empty, “default”'), slot, offered),
        element('div', {}, label('way', 'If a run is in it', ''), way),
      ),
      ...['slot', 'way'].map(problem),
      element('label', { class: 'check' }, share, ' Share the workspace with runs in other slots'),
      problem('share'),
      element(
        'div',
        { class: 'numbers' },
        element('label', {}, 'Budget, tokens ', tokens),
        element('label', {}, 'Budget, $ ', dollars),
      ),
      problem('budget'),
    )

  return {
    /** Offers the slots that are known. */
    offer: () => offered.replaceChildren(...slots().map((value) => element('option', { value }))),
    body: () => ({
      slot: slot.value.trim() || undefined,
      if_running: way.value || undefined,
      share_workspace: share.checked || undefined,
      max_tokens: tokens.value.trim() || undefined,
      max_cost_usd: dollars.value.trim() || undefined,
    }),
    /** Fills in what another run was asked for; whether that is anything. @param {RunDetails} run */
    take(run) {
      slot.value = run.slot === 'default' ? '' : (run.slot ?? '')
      share.checked = run.share_workspace === true
      tokens.value = String(run.max_tokens ?? '')
      dollars.value = String(run.max_cost_usd ?? '')
      return [slot, tokens, dollars].some(({ value }) => value !== '') || share.checked
    },
  }
}

/** @param {string} id @param {string} words @param {string} hint */
function label(id, words, hint) {
  return element(
    'div',
    { class: 'label' },
    element('label', { for: id }, words),
    element('span', { id: `${id}-hint` }, hint),
  )
}

/** As text: what a number input takes for none would be left out without a word. @param {string} name */
const amount = (name) =>
  element('input', { name, inputmode: 'decimal', autocomplete: 'off', 'aria-describedby': 'budget-problem' })

/** @param {string} id */
const problem = (id) => element('p', { class: 'problem', id: `${id}-problem`, role: 'alert', hidden: '' })
