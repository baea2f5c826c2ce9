import { element } from './dom.js'
import { askedBy, baseName, bytes, cost, fullTime, moment, tokensOf } from './format.js'

/** @import { RunDetails } from './api.js' */

/** A moment; in full for whoever points at it. @param {string} iso @param {string} text */
export function time(iso, text) {
  return element('time', { datetime: iso, title: fullTime(iso) }, text)
}

/** What a run is, in a line. @param {RunDetails} run @param {number} now */
export function byline(run, now) {
  const from = run.started_at ?? String(run.requested_at)
  const began = time(from, moment(from, now))
  const when = run.ended_at
    ? [began, ' – ', time(run.ended_at, moment(run.ended_at, now))]
    : ['since ', began]
  const words = [run.agent, askedBy(run), baseName(run.workspace)].map((text) => element('span', {}, text))
  return [...words, element('span', {}, ...when)]
}

/** The details that are looked for most, in a line. @param {RunDetails} run */
export function factsStart(run) {
  const { pid, output_bytes, notice, cost_usd } = run
  const tokens = tokensOf(run)
  return [
    pid && `pid ${pid}`,
    tokens !== null && `${tokens.toLocaleString('en')} tokens`,
    cost_usd != null && cost(cost_usd),
    output_bytes !== null && bytes(output_bytes),
    // Only one that went wrong is news.
    /^(OK|SKIPPED) /.test(notice ?? '') ? null : notice,
  ]
    .filter(Boolean)
    .join('  ·  ')
}
