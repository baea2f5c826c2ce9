import { LooperError, messageOf } from '../base/errors.ts'

/** How a run ended. */
export const OUTCOMES = [
  'exited',
  'signaled',
  'replaced',
  'stopped',
  'parked',
  'timed_out',
  'stalled',
  'over_budget',
  'failed_to_start',
  'lost',
] as const

/** How a run ended; the set is closed. */
export type Outcome = (typeof OUTCOMES)[number]

/** Why Looper itself ends a run. */
export interface Ending {
  readonly outcome: 'replaced' | 'stopped' | 'parked' | 'timed_out' | 'stalled' | 'over_budget'
  readonly cause: string
  /** What to do about it, in a sentence. */
  readonly remedy?: string
}

/** An end, as it goes on the record. */
export interface RunEnd {
  readonly outcome: Outcome
  /** The agent's status, negative for a signal; null where nobody can know it. */
  readonly returnCode: number | null
  /** A sentence; null where the agent simply ended by itself. */
  readonly cause: string | null
  /** What to do about it, in a sentence; left out or null where nobody can say. */
  readonly remedy?: string | null
}

/** How a run ends that did not do what it was to do; also `exited`, with another return code than 0. */
export const FAILURES = [
  'signaled',
  'timed_out',
  'stalled',
  'over_budget',
  'failed_to_start',
  'lost',
] as const satisfies readonly Outcome[]

/** Whether a run ended, and not well. */
export function hasFailed({
  outcome,
  returnCode,
}: {
  outcome: Outcome | null
  returnCode: number | null
}): boolean {
  if (outcome === 'exited') return returnCode !== 0
  return FAILURES.some((failure) => failure === outcome)
}

/**
 * The end of a run from what is known: why Looper ended it, if it did, and the agent's status.
 * @param lost why the status is not known, where it is not
 */
export function endOf(ending: Ending | null, returnCode: number | null, lost: string): RunEnd {
  if (ending) return { ...ending, returnCode }
  if (returnCode === null) return { outcome: 'lost', returnCode, cause: lost }
  if (returnCode < 0) return { outcome: 'signaled', returnCode, cause: `ended by signal ${-returnCode}` }
  return { outcome: 'exited', returnCode, cause: null }
}

/** The end of a run that was not launched, for that reason. */
export function unstarted(error: unknown): RunEnd {
  const isCalledOff = error instanceof LooperError && error.code === 'LOOPER_RUN_CANCELLED'
  return {
    outcome: isCalledOff ? 'stopped' : 'failed_to_start',
    returnCode: null,
    cause: messageOf(error),
    remedy: error instanceof LooperError && !isCalledOff ? error.remedy : null,
  }
}
