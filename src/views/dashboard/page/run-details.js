import { element, rows } from './dom.js'
import { cost, duration, errorName, firstLine, fullTime } from './format.js'
import { time } from './run-facts.js'
import { shortPath } from './short-path.js'

/** @import { RunDetails } from './api.js' */

/** All that is known of a run. @param {RunDetails} run @param {[string, Node | null][]} left what its agent left for people */
export function facts(run, left) {
  /** @param {number} seconds */
  const limit = (seconds) => (seconds > 0 ? duration(seconds * 1000) : 'none')
  /** @param {string | null} iso */
  const at = (iso) => iso && time(iso, fullTime(iso))
  const others = run.stopped_pids.length > 0 ? ` (pid ${run.stopped_pids.join(', ')})` : ''
  return rows([
    ...left,
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
    ['Work tree', run.worktree && shortPath(run.worktree.path, 90)],
    ['Branch', run.worktree && branchWords(run.worktree)],
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

/** @param {NonNullable<RunDetails['worktree']>} worktree */
const branchWords = ({ branch, kept }) =>
  kept === null ? branch : `${branch} (${kept ? 'kept' : 'removed'})`

/** @param {RunDetails} run */
function usageWords({ usage, tokens_used }) {
  const parts = Object.entries(usage ?? { total: tokens_used })
    .filter(([, count]) => count !== null)
    .map(([name, count]) => `${count?.toLocaleString('en')} ${name}`)
  return parts.length > 0 ? `${parts.join(', ')} tokens` : null
}
