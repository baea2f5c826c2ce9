import type { SQLInputValue } from 'node:sqlite'
import { FAILURES, type Outcome } from '../runs/outcome.ts'
import type { Trigger } from '../runs/run.ts'
import { BUDGET_COLUMNS } from './budget.ts'
import { CHANGES_COLUMNS } from './changes.ts'
import { NAME } from './names.ts'
import { CHECK_COLUMNS } from './verify.ts'
import { WORKTREE_COLUMN } from './worktree.ts'

/** Which runs to list; what is left out does not matter. */
export interface RunQuery {
  readonly limit: number
  /** Only runs that came on the record before the one of this `seq`. */
  readonly before?: number | undefined
  /** Null stands for runs that have not ended, `failed` for those that ended, and not well. */
  readonly outcomes?: readonly (Outcome | 'failed' | null)[] | undefined
  readonly trigger?: Trigger | undefined
  readonly slot?: string | undefined
  /** As it stands on the record. */
  readonly workspace?: string | undefined
  /** Only runs asked for then or later, in milliseconds since the epoch. */
  readonly since?: number | undefined
}

/** A statement with its values. */
export interface Statement {
  readonly sql: string
  readonly values: Record<string, SQLInputValue>
}

/** What lists show: everything but the texts that may have megabytes, of which nobody looks at hundreds. */
const LISTED = `seq, run_id, request_id, trigger, caller, ${NAME}, agent, slot, workspace, shares_workspace, binary, timeout_ms,
  stall_ms, requested_at, announced_at, notice, notice_id, stopped_at, stopped_pids, log_path, header_bytes, launched_at, boot_id, agent_pid,
  agent_start, wrapper_pid, wrapper_start, mirrored_bytes, ended_at, outcome, return_code, cause, remedy,
  output_bytes, tokens_used, model, session_id, usage_input, usage_cached, usage_output, usage_total, cost_usd, turns,
  error_kind, queue_place, silent_since, ${[...CHECK_COLUMNS, ...BUDGET_COLUMNS, ...CHANGES_COLUMNS, WORKTREE_COLUMN].join(', ')}`

/** Runs by their ids, as lists show them. */
export const LISTED_BY_ID = `SELECT ${LISTED} FROM runs WHERE run_id IN (SELECT value FROM json_each(:ids))`

/**
 * Of all runs asked for since then, the earliest thousand by the clock tell where they begin on the record, so that
 * nothing before is looked at. A run is missed only where the clock was set back, and a thousand runs followed before it
 * had caught up. The sign keeps the index on the time from being used where it would need sorting.
 */
const SINCE = `seq >= (SELECT min(seq) FROM
    (SELECT seq FROM runs WHERE requested_at >= :since ORDER BY requested_at LIMIT 1000))
  AND +requested_at >= :since`

/** The condition of the index `runs_failed`, word for word. */
const EXITED_BADLY = `outcome = 'exited' AND return_code IS NOT 0`

/**
 * Lists runs, newest first, at the same cost for a hundred runs and for a hundred thousand: each filter has its index,
 * and outcomes are merged from one ordered list each.
 */
export function selectRuns({
  limit,
  before,
  outcomes,
  trigger,
  slot,
  workspace,
  since,
}: RunQuery): Statement {
  const values: Record<string, SQLInputValue> = { limit }
  const conditions = ['true']
  const where = (condition: string, name: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values[name] = value
  }
  where('seq < :before', 'before', before)
  where('trigger = :trigger', 'trigger', trigger)
  where('slot = :slot', 'slot', slot)
  where('workspace = :workspace', 'workspace', workspace)
  where(SINCE, 'since', since)
  const asked = outcomes && new Set(outcomes)
  const isFailed = asked?.delete('failed') ?? false
  if (isFailed) for (const failure of FAILURES) asked?.add(failure)
  const lists = asked
    ? [...asked].map((outcome, index) => {
        values[`outcome${index}`] = outcome
        return [...conditions, `outcome IS :outcome${index}`]
      })
    : [conditions]
  if (isFailed && !asked?.has('exited')) lists.push([...conditions, EXITED_BADLY])
  const selects = lists.map((list) => `SELECT ${LISTED} FROM runs WHERE ${list.join(' AND ')}`)
  return { sql: `${selects.join(' UNION ALL ')} ORDER BY seq DESC LIMIT :limit`, values }
}
