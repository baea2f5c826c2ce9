import { statSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Identity, ProcessTable } from '../processes/table.ts'
import { treeOf } from '../processes/tree.ts'
import type { Ending } from './outcome.ts'

/** What a run may use. 0: no limit. */
export interface Limits {
  readonly timeoutMs: number
  /** Without output, and without CPU time used by its tree. */
  readonly stallMs: number
  readonly maxLogBytes: number
}

/** A run under limits. */
export interface Limited {
  readonly runId: string
  readonly agent: Identity
  readonly logPath: string
  /** How long it has run already, where it is adopted. */
  readonly ranMs: number
}

const LONGEST_POLL_MS = 1000
const POLLS_A_LIMIT = 20

/**
 * Watches a run until it passes a limit, and resolves with the reason; or until the signal aborts, with null. Time is
 * measured monotonically: a clock that jumps ends no run.
 */
export async function watchLimits(
  run: Limited,
  limits: Limits,
  { table, clock }: { readonly table: ProcessTable; readonly clock: Clock },
  over: AbortSignal,
): Promise<Ending | null> {
  const { timeoutMs, stallMs, maxLogBytes } = limits
  if (timeoutMs === 0 && stallMs === 0 && maxLogBytes === 0) return null
  const shortest = Math.min(timeoutMs || Number.POSITIVE_INFINITY, stallMs || Number.POSITIVE_INFINITY)
  const pollMs = Math.min(LONGEST_POLL_MS, shortest / POLLS_A_LIMIT)
  const began = clock.monotonic() - run.ranMs
  let lastSign = clock.monotonic()
  let signs = ''
  while (!over.aborted) {
    const now = clock.monotonic()
    const size = statSync(run.logPath, { throwIfNoEntry: false })?.size ?? 0
    if (maxLogBytes > 0 && size > maxLogBytes) {
      return { outcome: 'stopped', cause: `its log passed ${Math.round(maxLogBytes / 1_048_576)} MB` }
    }
    if (timeoutMs > 0 && now - began >= timeoutMs) {
      return { outcome: 'timed_out', cause: `it ran for ${timeoutMs / 1000} s` }
    }
    if (stallMs > 0) {
      const seen = `${size} ${await cpuOf(run, table)}`
      if (seen !== signs) {
        signs = seen
        lastSign = now
      } else if (now - lastSign >= stallMs) {
        return { outcome: 'stalled', cause: `it wrote nothing and used no CPU for ${stallMs / 1000} s` }
      }
    }
    await clock.sleep(pollMs, over).catch(() => undefined)
  }
  return null
}

/** The CPU time of the run's processes, in clock ticks. */
async function cpuOf(run: Limited, table: ProcessTable): Promise<number> {
  return (await treeOf(run, table)).reduce((ticks, { cpuTicks }) => ticks + cpuTicks, 0)
}
