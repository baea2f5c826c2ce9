import { ROOT } from './api.js'
import { element, rows } from './dom.js'
import { cost, duration, fullTime, moment, tokens } from './format.js'
import { changedWords, roundWords } from './loop-words.js'

/** @import { Round } from './loop-api.js' */

/** How long a round takes, or took, in milliseconds. @param {Round} round @param {number} now */
export const roundMs = ({ started_at, ended_at }, now) =>
  Math.max(0, (ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at))

/** A round in full; all that an agent or a command wrote is text. @param {Round} round @param {number} now */
export function roundInFull(round, now) {
  const { iteration, run_id, started_at, error, hint, response, prompt, monitor_output, gate_output } = round
  const run =
    run_id === null
      ? null
      : element('a', { href: `${ROOT.href}#/runs/${encodeURIComponent(run_id)}` }, run_id)
  const begun = element('time', { title: fullTime(started_at) }, moment(started_at, now))
  return [
    element('h4', {}, `Round ${iteration}: ${roundWords(round).label}`),
    element(
      'dl',
      {},
      ...rows([
        ['Begun', begun],
        ['Took', duration(roundMs(round, now))],
        ['Used', `${tokens(round.tokens)} tokens · ${cost(round.cost_usd)}`],
        ['Work tree', changedWords(round)],
        ['Check', round.verdict],
        ['Run', run],
        ['Error', error],
        ['Hint', hint === '' ? null : hint],
      ]),
    ),
    ...texts([
      ['Response', response],
      ['Prompt', prompt],
      ['Monitor', monitor_output ?? null],
      ['Gate', gate_output ?? null],
    ]),
  ]
}

/** @param {[string, string | null][]} named those without a text are left out */
function texts(named) {
  return named.flatMap(([name, text]) => {
    if (text === null || text === '') return []
    const fold = element(
      'details',
      {},
      element('summary', {}, name),
      element('pre', { dir: 'auto', tabindex: '0' }, text),
    )
    fold.open = name === 'Response'
    return [fold]
  })
}
