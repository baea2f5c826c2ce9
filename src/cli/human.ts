import { lengthOf } from '../base/length-of.ts'
import type { RunSummary } from '../runs/run-schemas.ts'
import type { Style } from './screen.ts'

/** What a service that is older than this command does not tell of a run. */
export interface Told {
  readonly name?: string
  readonly failed?: boolean
  readonly remedy?: string | null
  readonly silent_since?: string | null
  readonly agent?: string
  readonly model?: string | null
  readonly verdict?: RunSummary['verdict']
  readonly verdict_cause?: string | null
  readonly changes?: RunSummary['changes']
}

/** An end, and what its check said of it. */
type Ended = Pick<RunSummary, 'outcome' | 'return_code'> & Pick<Told, 'verdict'>

const SECOND_MS = 1000
const MAX_NAME = 100

/** A span of time in at most two units: `0.4 s`, `42 s`, `3 m 12 s`, `2 h 5 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  const exact = Math.max(0, ms) / SECOND_MS
  if (exact < 10) return `${exact.toFixed(1).replace(/\.0$/, '')} s`
  return lengthOf(Math.floor(exact) * SECOND_MS)
}

/** How people call a run: the beginning of its id. */
export function shortId(runId: string): string {
  return runId.slice(0, 8)
}

/** How people call a run: its id, and its name where the service tells one. */
export function labelOf(run: { readonly run_id: string } & Told): string {
  return `${shortId(run.run_id)} ${nameOf(run)}`.trimEnd()
}

/** The name of a run; empty where the service tells none. */
export function nameOf({ name = '' }: Told): string {
  // A service that keeps its word needs no cut.
  return name.slice(0, MAX_NAME)
}

/** Whether a run ended, and not well. */
export function hasFailed({
  outcome,
  return_code,
  failed,
}: Pick<RunSummary, 'outcome' | 'return_code'> & Told): boolean {
  if (failed !== undefined) return failed
  return styleOf({ outcome, return_code }) === 'red'
}

/** The colour of an outcome. */
export function styleOf({ outcome, return_code, verdict }: Ended): Style {
  switch (outcome) {
    case null:
      return 'cyan'
    case 'exited':
      if (return_code !== 0 || verdict === 'refuted') return 'red'
      return verdict === 'unverified' ? 'yellow' : 'green'
    case 'replaced':
    case 'stopped':
    case 'parked':
      return 'yellow'
    case 'signaled':
    case 'timed_out':
    case 'stalled':
    case 'over_budget':
    case 'failed_to_start':
    case 'lost':
      return 'red'
  }
}

/** A size from whole mebibytes: `512 MB`, `4.9 GB`. */
export function size(mb: number): string {
  return mb < 1024 ? `${mb} MB` : `${(mb / 1024).toFixed(1).replace(/\.0$/, '')} GB`
}

/** A moment in this machine's zone, to the second: `2026-11-01 08:00:02`. */
export function moment(at: string): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

/** How it ended, and what its check said, in a few words; `running` or what it waits for while it lives. */
export function outcomeOf(run: Ended & { pid?: number | null; waiting?: boolean }): string {
  const { outcome, return_code, pid, waiting, verdict } = run
  if (outcome === null && waiting) return 'waiting'
  if (outcome === null) return pid === null ? 'starting' : 'running'
  const word =
    outcome === 'exited' || outcome === 'signaled'
      ? `${outcome} ${return_code}`
      : outcome.replaceAll('_', ' ')
  return verdict ? `${word}, ${verdict}` : word
}

/** How long it ran, or has run so far; null for one that never began. */
export function tookMs(run: Pick<RunSummary, 'started_at' | 'ended_at'>, now: number): number | null {
  if (run.started_at === null) return null
  return (run.ended_at === null ? now : Date.parse(run.ended_at)) - Date.parse(run.started_at)
}

/** A run that lives, and for how long it has: `3f2a0000 Fix it for 2 m`. */
export function livingOf(
  run: Pick<RunSummary, 'run_id' | 'started_at' | 'ended_at'> & Told,
  now: number,
): string {
  const took = tookMs(run, now)
  return `${labelOf(run)}${took === null ? '' : ` for ${duration(took)}`}`
}
