import type { RunSummary } from '../runs/schemas.ts'

const SECOND_MS = 1000
const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const

/** A span of time in at most two units: `0.4 s`, `42 s`, `3 m 12 s`, `2 h 5 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  const exact = Math.max(0, ms) / SECOND_MS
  if (exact < 10) return `${exact.toFixed(1).replace(/\.0$/, '')} s`
  const seconds = Math.floor(exact)
  for (const [unit, size] of UNITS) {
    if (seconds < size) continue
    const rest = seconds % size
    const [smaller, smallerSize] = unit === 'd' ? ['h', 3600] : unit === 'h' ? ['m', 60] : ['s', 1]
    const second = Math.floor(rest / smallerSize)
    return `${Math.floor(seconds / size)} ${unit}${second === 0 ? '' : ` ${second} ${smaller}`}`
  }
  return `${seconds} s`
}

/** How people call a run: the beginning of its id. */
export function shortId(runId: string): string {
  return runId.slice(0, 8)
}

/** How it ended, in a few words; `running` or what it waits for while it lives. */
export function outcomeOf(
  run: Pick<RunSummary, 'outcome' | 'return_code'> & { pid?: number | null },
): string {
  const { outcome, return_code, pid } = run
  if (outcome === null) return pid === null ? 'starting' : 'running'
  return outcome === 'exited' || outcome === 'signaled'
    ? `${outcome} ${return_code}`
    : outcome.replaceAll('_', ' ')
}

/** How long it ran, or has run so far; null for one that never began. */
export function tookMs(run: Pick<RunSummary, 'started_at' | 'ended_at'>, now: number): number | null {
  if (run.started_at === null) return null
  return (run.ended_at === null ? now : Date.parse(run.ended_at)) - Date.parse(run.started_at)
}
