import { element, rows } from './dom.js'
import {
  askedBy,
  baseName,
  bytes,
  cost,
  duration,
  errorName,
  firstLine,
  fullTime,
  moment,
  tokensOf,
} from './format.js'
import { shortPath } from './short-path.js'

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

/** All that is known of a run. @param {RunDetails} run */
export function facts(run) {
  /** @param {number} seconds */
  const limit = (seconds) => (seconds > 0 ? duration(seconds * 1000) : 'none')
  /** @param {string | null} iso */
  const at = (iso) => iso && time(iso, fullTime(iso))
  const others = run.stopped_pids.length > 0 ? ` (pid ${run.stopped_pids.join(', ')})` : ''
  return rows([
    ['Run', run.run_id],
    ['Request', run.request_id],
    ['Session', run.session_id],
    ['Model', run.model],
    ['Usage', usageWords(run)],
    ['Cost', run.cost_usd == null ? null : cost(run.cost_usd)],
    ['Turns', run.turns == null ? null : String(run.turns)],
    ['Error', run.error_kind == null ? null : errorName(run.error_kind)],
    ['Slot', run.slot === 'default' ? null : run.slot],
    ['Workspace', shortPath(run.workspace, 90)],
    ['Return code', run.return_code === null ? null : String(run.return_code)],
    ['Requested', at(run.requested_at)],
    ['Message sent', at(run.announced_at)],
    ['Others stopped', run.stopped_at && element('span', {}, at(run.stopped_at) ?? '', others)],
    ['Started', at(run.started_at)],
    ['Silent since', at(run.silent_since)],
    ['Ended', at(run.ended_at)],
    ['Notice', run.notice],
    ['Limits', `time ${limit(run.timeout_seconds)}, stall ${limit(run.stall_seconds)}`],
    ['Binary', run.binary],
    ['Command', run.command && element('code', {}, firstLine(run.command, 2000))],
    ['Log', run.log_path && shortPath(run.log_path, 90)],
  ])
}

/** @param {RunDetails} run */
function usageWords({ usage, tokens_used }) {
  const parts = Object.entries(usage ?? { total: tokens_used })
    .filter(([, count]) => count !== null)
    .map(([name, count]) => `${count?.toLocaleString('en')} ${name}`)
  return parts.length > 0 ? `${parts.join(', ')} tokens` : null
}
