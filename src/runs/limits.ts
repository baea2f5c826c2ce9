import type { Clock } from '../base/clock.ts'
import { plainSize } from '../base/plain-file.ts'
import type { Ending } from './outcome.ts'
import {
  isPast,
  limitOf,
  type MayStall,
  type Silence,
  type StallDeps,
  type StallLimits,
  watchStall,
} from './stall.ts'

/** What a run may use. 0: no limit. */
export interface Limits extends StallLimits {
  readonly timeoutMs: number
  readonly maxLogBytes: number
  /** Left out: nobody is told that it gives no sign of life. */
  readonly warning?: Warning
}

/** How long a run may give no sign of life before that is told. */
export interface Warning extends StallLimits {
  /** Since when it gives none, where that was told already, in milliseconds since the epoch; null: it was not. */
  readonly silentSince: number | null
  /** Is told once since when, and with null that it gives one again. */
  readonly silent: (since: number | null, silence: Silence) => void
}

/** A run under limits. */
export interface Limited extends MayStall {
  /** How long it has run already, where it is adopted. */
  readonly ranMs: number
}

const MORE_TIME = {
  timed_out: 'Allow more with timeout_seconds or LOOPER_RUN_TIMEOUT_SECONDS, if it needs longer.',
  stalled:
    'Read its last lines; allow more with stall_seconds or LOOPER_RUN_STALL_SECONDS, if it needs longer.',
  stalled_in_call:
    'See which tool it called last; allow more with LOOPER_RUN_TOOL_STALL_SECONDS, if it needs longer.',
} as const

const LONGEST_POLL_MS = 1000
const POLLS_A_LIMIT = 20

/** What watching limits needs. */
export interface LimitDeps extends StallDeps {
  readonly clock: Clock
  /** Is told why a look failed, of several in a row once. */
  readonly failed: (error: unknown) => void
}

const NEVER: StallLimits = { stallMs: 0, toolStallMs: 0 }

/**
 * Watches a run until it passes a limit, and resolves with the reason; or until the signal aborts, with null. Time is
 * measured monotonically: a clock that jumps ends no run. A look that fails ends neither the run nor the watching.
 */
export async function watchLimits(
  run: Limited,
  limits: Limits,
  deps: LimitDeps,
  over: AbortSignal,
): Promise<Ending | null> {
  const { timeoutMs, maxLogBytes, warning } = limits
  const { clock, failed } = deps
  const silentMs = Math.min(limitOf(limits, false), limitOf(warning ?? NEVER, false))
  const shortest = Math.min(timeoutMs || Number.POSITIVE_INFINITY, silentMs)
  if (shortest === Number.POSITIVE_INFINITY && maxLogBytes === 0) return null
  const pollMs = Math.min(LONGEST_POLL_MS, shortest / POLLS_A_LIMIT)
  const began = clock.monotonic() - run.ranMs
  const stall = silentMs === Number.POSITIVE_INFINITY ? null : watchStall(run, silentMs, deps)
  let isBlind = false
  let isTold = warning !== undefined && warning.silentSince !== null

  function tell(silence: Silence): void {
    if (!warning) return
    const isSilent = isTold ? silence.silentMs > 0 : isPast(silence, warning)
    if (isSilent === isTold) return
    isTold = isSilent
    warning.silent(isSilent ? clock.now() - silence.silentMs : null, silence)
  }

  /** What only a look can tell. */
  async function look(now: number): Promise<Ending | null> {
    const size = plainSize(run.logPath) ?? 0
    if (maxLogBytes > 0 && size > maxLogBytes) {
      const cause = `its log passed ${Math.round(maxLogBytes / 1_048_576)} MB`
      return { outcome: 'stopped', cause, remedy: 'Raise LOOPER_RUN_LOG_MAX_MB, if it may write more.' }
    }
    const silence = await stall?.(now, size)
    if (!silence) return null
    if (isPast(silence, limits)) return endOf(silence, limits)
    tell(silence)
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

function endOf({ isInCall }: Silence, limits: StallLimits): Ending {
  const cause = `it wrote nothing, used no CPU time and moved no data for ${limitOf(limits, isInCall) / 1000} s`
  return isInCall
    ? { outcome: 'stalled', cause: `${cause}, with a tool call open`, remedy: MORE_TIME.stalled_in_call }
    : { outcome: 'stalled', cause, remedy: MORE_TIME.stalled }
}
