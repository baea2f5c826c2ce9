import type { SQLInputValue } from 'node:sqlite'
import type { Check } from '../runs/verify/check.ts'
import { type CheckEnd, VERDICTS, type Verdict } from '../runs/verify/verdict.ts'
import { numberOrNull, textOrNull } from './cells.ts'

/** What an intent says of it. */
export interface ToCheck {
  /** What is to check its work; left out or null: nothing. */
  readonly check?: Check | null
}

/** What an end says of it. */
export interface Checked {
  /** What its check said; left out where none was run. */
  readonly check?: CheckEnd
}

/** A check as a run on the record has it. */
export interface CheckOnRecord {
  /** Null: its work is not to be checked. */
  readonly check: Check | null
  /** What came of that; null while it lives, and where nothing was to be checked. */
  readonly verdict: Verdict | null
  readonly verdictCause: string | null
  /** The status of the check, negative for a signal; null where it was not run, or nobody knows it. */
  readonly verifyReturnCode: number | null
}

/** What is to check the work of a run, and what it said. */
export const VERIFY_MIGRATION = `ALTER TABLE runs ADD COLUMN verify TEXT;
  ALTER TABLE runs ADD COLUMN verify_is_owners INTEGER;
  ALTER TABLE runs ADD COLUMN verify_timeout_ms INTEGER;
  ALTER TABLE runs ADD COLUMN verdict TEXT;
  ALTER TABLE runs ADD COLUMN verdict_cause TEXT;
  ALTER TABLE runs ADD COLUMN verify_return_code INTEGER;`

/** What was asked for, as columns. */
export const checkColumns = (check: Check | null): Record<string, SQLInputValue> => ({
  verify: check?.line ?? null,
  verify_is_owners: check && Number(check.isOwners),
  verify_timeout_ms: check && Math.round(check.timeoutMs),
})

/** What came of it, as columns. */
export const verdictColumns = ({ verdict, cause, returnCode }: CheckEnd): Record<string, SQLInputValue> => ({
  verdict,
  verdict_cause: cause,
  verify_return_code: returnCode,
})

/** The columns of what came of it. */
export const VERDICT_COLUMNS = ['verdict', 'verdict_cause', 'verify_return_code'] as const

/** All of them. */
export const CHECK_COLUMNS = ['verify', 'verify_is_owners', 'verify_timeout_ms', ...VERDICT_COLUMNS] as const

/** What an end sets; where nothing was to be checked, no verdict. */
export const FINISH_CHECK = VERDICT_COLUMNS.map(
  (name) => `${name} = iif(verify IS NULL, NULL, :${name})`,
).join(', ')

/** From a row; the end of one that nothing checks, which may still wait to be written, tells of no verdict. */
export function checkIn(row: Readonly<Record<string, unknown>>): CheckOnRecord {
  const line = textOrNull(row.verify)
  if (line === null) return { check: null, verdict: null, verdictCause: null, verifyReturnCode: null }
  return {
    check: { line, isOwners: row.verify_is_owners === 1, timeoutMs: Number(row.verify_timeout_ms) },
    verdict: VERDICTS.find((verdict) => verdict === row.verdict) ?? null,
    verdictCause: textOrNull(row.verdict_cause),
    verifyReturnCode: numberOrNull(row.verify_return_code),
  }
}
