import type { OpenCalls } from '../agents/open-calls.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity, ProcessTable } from '../processes/table.ts'
import { treeOf } from '../processes/tree.ts'
import { type Doings, didMore, doingsOf } from './doings.ts'
import { lastWord } from './last-word.ts'

/** How long a run may give no sign of life. 0: for ever. */
export interface StallLimits {
  readonly stallMs: number
  /** While a tool call is open; less than the other one counts as that. */
  readonly toolStallMs: number
}

/** A run that may stall. */
export interface MayStall {
  readonly runId: string
  readonly agent: Identity
  readonly logPath: string
  readonly calls: OpenCalls
}

/** What looking needs. */
export interface StallDeps {
  readonly table: ProcessTable
  readonly clock: Pick<Clock, 'now'>
}

/** How long a run has been without a sign of life, and whether a tool call is open. */
export interface Silence {
  readonly silentMs: number
  readonly isInCall: boolean
}

/** The limit that holds with or without an open call, in milliseconds; infinite where there is none. */
export function limitOf({ stallMs, toolStallMs }: StallLimits, isInCall: boolean): number {
  if (stallMs === 0 || (isInCall && toolStallMs === 0)) return Number.POSITIVE_INFINITY
  return isInCall ? Math.max(stallMs, toolStallMs) : stallMs
}

/** Whether a run has been without a sign of life for its limit. */
export const isPast = ({ silentMs, isInCall }: Silence, limits: StallLimits): boolean =>
  silentMs >= limitOf(limits, isInCall)

const LONGEST_LOOK_MS = 10_000
const LOOKS_A_LIMIT = 20
/** Looks may be late by that, or by half the limit. What is more, nothing ran in: somebody stopped the machine, or us. */
const LATE_MS = 30_000

/**
 * Looks for signs of life of a run: output, and CPU time and bytes moved of its tree beyond what waiting takes.
 * @param shortestMs the shortest limit that its silence is held against
 * @returns what is to be called often, with the time (monotonic): null where it is not time for a look, and at the first one.
 * @throws {Error} where a look fails
 */
export function watchStall(
  run: MayStall,
  shortestMs: number,
  deps: StallDeps,
): (now: number, logBytes: number) => Promise<Silence | null> {
  const { table } = deps
  const { calls } = run
  const lookMs = Math.min(LONGEST_LOOK_MS, shortestMs / LOOKS_A_LIMIT)
  const longestMs = lookMs + Math.min(LATE_MS, shortestMs / 2)
  const word = calls.areToldLate ? lastWord(run, deps) : null
  let before: { readonly at: number; readonly doings: Doings } | null = null
  let silentMs = 0
  let isInCall = false

  return async (now, logBytes) => {
    word?.heard(logBytes)
    if (before !== null && now - before.at < lookMs) return null
    const tree = await treeOf(run, table)
    const doings = doingsOf(logBytes, tree, table)
    const [last, sinceMs] = [before, now - (before?.at ?? now)]
    before = { at: now, doings }
    const wasInCall = isInCall
    isInCall = calls.any() || (word !== null && calls.hasSpoken() && tree.some(word.isBefore))
    if (last === null) return null
    // What an agent says of a call that has ended is on its way.
    const isAlive = (wasInCall && !isInCall) || didMore(last.doings, doings, sinceMs)
    silentMs = isAlive ? 0 : silentMs + Math.min(sinceMs, longestMs)
    return { silentMs, isInCall }
  }
}
