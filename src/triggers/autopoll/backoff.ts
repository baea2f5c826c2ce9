import type { RunRecord } from '../../record/run-record.ts'

/** What the record says of the next launch. */
export type Backoff =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly failures: number; readonly until: number }
  | { readonly kind: 'pause'; readonly failures: number; readonly lastRunId: string }

/** After so many failures in a row the autopoll pauses. */
export const FAILURES_TO_PAUSE = 5

/** A run that ends well in less time than this did nothing. */
const INSTANT_MS = 5000
const LONGEST_WAIT_MS = 6 * 3_600_000
/** The wait is spread over ±25 %, so that many machines do not come back at once. */
const JITTER = 0.5

type Ended = Pick<RunRecord, 'runId' | 'trigger' | 'outcome' | 'returnCode' | 'launchedAt' | 'endedAt'>

/**
 * Decides from the latest runs, newest first, whether the autopoll may launch: after each failing or instantly ending
 * run in a row it waits twice as long, and after five it pauses. A success or a request ends the row. Pure: the record
 * is its memory, so it survives a restart.
 */
export function backoffOf(runs: readonly Ended[], now: number, pollMs: number): Backoff {
  const failures: Ended[] = []
  for (const run of runs) {
    const verdict = verdictOf(run)
    if (verdict === 'neutral') continue
    if (verdict === 'success') break
    failures.push(run)
  }
  const [last] = failures
  if (!last) return { kind: 'go' }
  if (failures.length >= FAILURES_TO_PAUSE)
    return { kind: 'pause', failures: failures.length, lastRunId: last.runId }
  const spread = 1 - JITTER / 2 + JITTER * fractionOf(last.runId)
  const waitMs = Math.round(Math.min(LONGEST_WAIT_MS, pollMs * 2 ** failures.length) * spread)
  const until = Number(last.endedAt) + waitMs
  // A clock that was set back must not make it wait longer than it would have.
  if (until <= now || until - now > waitMs) return { kind: 'go' }
  return { kind: 'wait', failures: failures.length, until }
}

function verdictOf(run: Ended): 'success' | 'failure' | 'neutral' {
  if (run.trigger !== 'autopoll') return 'success'
  switch (run.outcome) {
    case null:
    case 'replaced':
    case 'stopped':
    case 'parked':
      return 'neutral'
    case 'exited':
      return run.returnCode === 0 && Number(run.endedAt) - Number(run.launchedAt) >= INSTANT_MS
        ? 'success'
        : 'failure'
    case 'signaled':
    case 'timed_out':
    case 'stalled':
    case 'over_budget':
    case 'failed_to_start':
    case 'lost':
      return 'failure'
  }
}

/** A number from 0 to 1 that is the same for one run at every look. */
function fractionOf(runId: string): number {
  return Number.parseInt(runId.slice(0, 8), 16) / 0xffff_ffff
}
