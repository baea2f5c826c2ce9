import type { Clock } from '../base/clock.ts'
import { plainSize } from '../base/plain-file.ts'
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

const MORE_TIME = {
  timed_out: 'Allow more with timeout_seconds or LOOPER_RUN_TIMEOUT_SECONDS, if it needs longer.',
  stalled:
    'Read its last lines; allow more with stall_seconds or LOOPER_RUN_STALL_SECONDS, if it needs longer.',
} as const

const LONGEST_POLL_MS = 1000
const POLLS_A_LIMIT = 20

/** What watching limits needs. */
export interface LimitDeps {
  readonly table: ProcessTable
  readonly clock: Clock
  /** Is told why a look failed, of several in a row once. */
  readonly failed: (error: unknown) => void
}

/**
 * Watches a run until it passes a limit, and resolves with the reason; or until the signal aborts, with null. Time is
 * measured monotonically: a clock that jumps ends no run. A look that fails ends neither the run nor the watching.
 */
export async function watchLimits(
  run: Limited,
  limits: Limits,
  { table, clock, failed }: LimitDeps,
  over: AbortSignal,
): Promise<Ending | null> {
  const { timeoutMs, stallMs, maxLogBytes } = limits
  if (timeoutMs === 0 && stallMs === 0 && maxLogBytes === 0) return null
  const shortest = Math.min(timeoutMs || Number.POSITIVE_INFINITY, stallMs || Number.POSITIVE_INFINITY)
  const pollMs = Math.min(LONGEST_POLL_MS, shortest / POLLS_A_LIMIT)
  const began = clock.monotonic() - run.ranMs
  let lastSign = clock.monotonic()
  let signs = ''
  let isBlind = false

  /** What only a look can tell. */
  async function look(now: number): Promise<Ending | null> {
    const size = plainSize(run.logPath) ?? 0
    if (maxLogBytes > 0 && size > maxLogBytes) {
      const cause = `its log passed ${Math.round(maxLogBytes / 1_048_576)} MB`
      return { outcome: 'stopped', cause, remedy: 'Raise LOOPER_RUN_LOG_MAX_MB, if it may write more.' }
    }
    if (stallMs === 0) return null
    const seen = `${size} ${await cpuOf(run, table)}`
    if (seen !== signs) {
      signs = seen
      lastSign = now
    } else if (now - lastSign >= stallMs) {
      const cause = `it wrote nothing and used no CPU for ${stallMs / 1000} s`
      return { outcome: 'stalled', cause, remedy: MORE_TIME.stalled }
    }
    return null
  }

  while (!over.aborted) {
    const now = clock.monotonic()
    if (timeoutMs > 0 && now - began >= timeoutMs) {
      return { outcome: 'timed_out', cause: `it ran for ${timeoutMs / 1000} s`, remedy: MORE_TIME.timed_out }
    }
    try {
      const passed = await look(now)
      if (passed) return passed
      isBlind = false
    } catch (error) {
      if (!isBlind) failed(error)
      isBlind = true
    }
    await clock.sleep(pollMs, over).catch(() => undefined)
  }
  return null
}

/** The CPU time of the run's processes, in clock ticks. */
async function cpuOf(run: Limited, table: ProcessTable): Promise<number> {
  return (await treeOf(run, table)).reduce((ticks, { cpuTicks }) => ticks + cpuTicks, 0)
}
