import type { RunEnd } from '../outcome.ts'

/** What a check says of a run; the set is closed. */
export const VERDICTS = ['verified', 'refuted', 'unverified'] as const

/** What a check says of a run. */
export type Verdict = (typeof VERDICTS)[number]

/** What came of a check. */
export interface CheckEnd {
  readonly verdict: Verdict
  /** A sentence; null where it was verified. */
  readonly cause: string | null
  /** The status of the check, negative for a signal; null where it was not run, or nobody knows it. */
  readonly returnCode: number | null
}

/** Whether the agent ended by itself, and well: only then there is something to be checked. */
export const isWell = ({ outcome, returnCode }: Pick<RunEnd, 'outcome' | 'returnCode'>): boolean =>
  outcome === 'exited' && returnCode === 0

/** Of a run that has nothing to be checked. */
export function notRun({ outcome, returnCode }: Pick<RunEnd, 'outcome' | 'returnCode'>): CheckEnd {
  const why =
    outcome === 'exited'
      ? `the agent exited with ${returnCode}`
      : `the run ended as ${outcome.replaceAll('_', ' ')}`
  return unverified(`the check was not run: ${why}`)
}

/** Of a run about whose work nobody can say anything. */
export function unverified(cause: string, returnCode: number | null = null): CheckEnd {
  return { verdict: 'unverified', cause, returnCode }
}

/** Of a check that ended by itself, with a status that was seen; null: nobody knows it. */
export function verdictOf(returnCode: number | null): CheckEnd {
  if (returnCode === null)
    return unverified('the wrapper of the check was killed, so nobody knows its status')
  if (returnCode === 0) return { verdict: 'verified', cause: null, returnCode }
  const cause =
    returnCode < 0 ? `the check was ended by signal ${-returnCode}` : `the check exited with ${returnCode}`
  return { verdict: 'refuted', cause, returnCode }
}
