import { element, part } from './dom.js'
import { cost, duration, tokens } from './format.js'

/** @import { Loop } from './loop-api.js' */

const count = (/** @type {number} */ value) => value.toLocaleString('en')

/**
 * What ends or pauses a loop, and how near that is.
 * @param {HTMLElement} root
 */
export function createLimits(root) {
  const box = part(root, 'limits', HTMLElement)
  /** @type {Map<string, { bar: HTMLProgressElement, text: HTMLElement }>} */
  const rows = new Map()

  /** @param {string} name */
  function createRow(name) {
    const bar = element('progress', { 'aria-label': name })
    const text = element('span', {})
    box.append(element('div', {}, element('dt', {}, name), element('dd', {}, bar, text)))
    const made = { bar, text }
    rows.set(name, made)
    return made
  }

  /** @param {string} name @param {number | null} used null: nobody can tell @param {number | null} limit @param {(value: number) => string} words @param {string} [rest] */
  function put(name, used, limit, words, rest = '') {
    const { bar, text } = rows.get(name) ?? createRow(name)
    bar.hidden = limit === null || used === null
    if (limit !== null && used !== null) {
      bar.max = limit
      bar.value = Math.min(used, limit)
      bar.classList.toggle('near', used >= limit * 0.8)
    }
    const of = limit === null ? 'unlimited' : `of ${words(limit)}`
    const told =
      used === null ? of.replace('of ', 'at most ') : `${words(used)} ${limit === null ? '· ' : ''}${of}`
    text.textContent = `${told} ${rest}`.trimEnd()
  }

  return {
    /** @param {Loop} loop @param {number} now */
    draw({ limits, used, started_at, state }, now) {
      const elapsed =
        started_at === null || state === 'ended' ? null : Math.max(0, now - Date.parse(started_at))
      put('Rounds', used.iterations, limits.iterations, count)
      put('Time', elapsed, limits.seconds === null ? null : limits.seconds * 1000, duration)
      put('Tokens', used.tokens, limits.tokens, tokens)
      put('Cost', used.cost_usd, limits.cost_usd, cost)
      put('Without a change', used.unchanged, limits.unchanged, count, 'in a row')
      put('Same failure', used.same_failures, limits.same_failures, count, 'in a row')
    },
  }
}
