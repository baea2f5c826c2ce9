/** @import { Tone } from './format.js' */
/** @import { Loop, Round } from './loop-api.js' */
/** @typedef {{ icon: string, tone: Tone, label: string }} Words In words, with an icon, and with a tone that only repeats them. */

/** What a loop does. @param {Loop} loop @returns {Words} */
export function stateWords({ state, wish, cause, iteration }) {
  switch (state) {
    case 'idle':
      return { icon: 'wait', tone: 'quiet', label: 'not started yet' }
    case 'starting':
      return { icon: 'wait', tone: 'live', label: 'starting' }
    case 'running':
      return { icon: 'live', tone: 'live', label: `round ${iteration} runs${WISHES[wish ?? 'none']}` }
    case 'waiting':
      return { icon: 'clock', tone: 'live', label: 'waits for the next round' }
    case 'paused':
      return { icon: 'bolt', tone: FOR_PEOPLE.has(cause) ? 'bad' : 'quiet', label: `paused${because(cause)}` }
    case 'ended':
      return cause === 'verified' || cause === 'completed'
        ? { icon: 'check', tone: 'ok', label: `ended: ${cause}` }
        : { icon: 'stop', tone: 'quiet', label: `ended${because(cause)}` }
  }
}

/** @param {Loop['cause']} cause */
const because = (cause) => (cause === null ? '' : `: ${cause.replaceAll('_', ' ')}`)

const WISHES = { none: '', pause: ', then it pauses', stop: ', it is being stopped' }
/** It does not go on by itself. @type {ReadonlySet<Loop['cause']>} */
const FOR_PEOPLE = new Set(['no_change', 'same_failure'])

/** What became of a round. @param {Round} round @returns {Words} */
export function roundWords({ ended_at, error, verdict, changed, gate }) {
  if (ended_at === null) return { icon: 'live', tone: 'live', label: 'running' }
  if (gate === 'nothing_to_do') return { icon: 'wait', tone: 'quiet', label: 'nothing to do' }
  if (verdict === 'refuted') return { icon: 'cross', tone: 'bad', label: 'refuted' }
  if (error !== null) return { icon: 'cross', tone: 'bad', label: 'failed' }
  if (verdict === 'verified') return { icon: 'check', tone: 'ok', label: 'verified' }
  return {
    icon: changed === false ? 'wait' : 'check',
    tone: changed === false ? 'quiet' : 'ok',
    label: 'done',
  }
}

/** Whether it changed something. @param {Round} round */
export function changedWords({ changed, ended_at }) {
  if (ended_at === null) return null
  if (changed === null) return 'changes unknown'
  return changed ? 'changed' : 'no change'
}

/** Whether it goes on by itself. @param {Loop} loop */
export const isAtWork = ({ state }) => state === 'starting' || state === 'running' || state === 'waiting'
