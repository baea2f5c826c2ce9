import type { ProgramPlaces } from '../../agents/binary.ts'
import { LooperError } from '../../base/errors.ts'
import { checkText } from '../prompt.ts'
import { argvOf, type Check } from './check.ts'

/** What the settings say of checks. */
export interface DefaultCheck {
  /** Of runs with the default prompt; null: nothing checks them. */
  readonly line: string | null
  /** How long any check may take, where nobody says so; 0: no limit. */
  readonly timeoutMs: number
}

/** What a request says of a check; nulls: nothing. An empty line: there is to be none. */
export interface CheckWish {
  readonly line: string | null
  readonly timeoutMs: number | null
}

/** What a request's check is chosen with. */
export interface CheckChoice {
  readonly verify?: DefaultCheck
  /** Whether the owner wrote what the request says. */
  readonly isOwners: boolean
  /** Whether it has no prompt of its own. */
  readonly isDefaultRun: boolean
  readonly places: ProgramPlaces
  readonly access: { executables(): ReadonlyMap<string, string> }
}

/** Whoever names none, and no setting does. */
export const NO_CHECK: DefaultCheck = { line: null, timeoutMs: 600_000 }

/** Lists of runs show it. */
const LONGEST_LINE = 2000

/**
 * The check of a run: its own, or with the default prompt that of the settings; null: none.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, `LOOPER_EXECUTABLE_FORBIDDEN`
 */
export function chooseCheck(wish: CheckWish, choice: CheckChoice): Check | null {
  const { verify = NO_CHECK, isDefaultRun, places, access } = choice
  const line = wish.line ?? (isDefaultRun ? verify.line : null)
  if (line === null || line.trim() === '') return null
  checkText(line, 'verify')
  if (line.length > LONGEST_LINE)
    throw new LooperError('LOOPER_FIELD_INVALID', `'verify' must have at most ${LONGEST_LINE} characters`)
  // Whoever names the very line of the settings asks for nothing that its owner did not configure.
  const isOwners = choice.isOwners || line === verify.line
  const check = { line, isOwners, timeoutMs: wish.timeoutMs ?? verify.timeoutMs }
  argvOf(check, { allowed: isOwners ? new Map() : access.executables(), places })
  return check
}

/** The check of the default run; null: none. */
export function defaultCheck({ line, timeoutMs }: DefaultCheck = NO_CHECK): Check | null {
  return line === null ? null : { line, isOwners: true, timeoutMs }
}
