import { NO_PROGRAM, type ProgramPlaces, resolveBinary } from '../agents/binary.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import { shellSplit } from '../base/shell-split.ts'
import { allowedExecutable } from './access.ts'

/** What a command line of a request is held against. */
export interface CommandLineRules {
  /** The programs that it may name, as they are now: by every name of one, the name by which it is run. */
  readonly allowed: ReadonlyMap<string, string>
  readonly places: ProgramPlaces
}

/**
 * What a command line that a request names runs: it is split into words, without a shell, and its program must be one that the
 * owner allowed.
 * @param field the name of the request's field
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, `LOOPER_EXECUTABLE_FORBIDDEN`
 */
export function allowedArgv(
  line: string,
  field: string,
  { allowed, places }: CommandLineRules,
): readonly [string, ...string[]] {
  const [program = '', ...words] = wordsOf(line, field)
  const path = find(program, field, places)
  const real = allowedExecutable(path, field, allowed)
  /* c8 ignore next: whatever is allowed stands in the map */
  return [allowed.get(path) ?? allowed.get(real) ?? real, ...words]
}

/** What is not there, its owner cannot have allowed. */
function find(program: string, field: string, places: ProgramPlaces): string {
  try {
    return resolveBinary(program, { ...places, ...NO_PROGRAM }).path
  } catch (error) {
    throw new LooperError(
      'LOOPER_EXECUTABLE_FORBIDDEN',
      `'${field}' names a program that is not found: ${program} (LOOPER_ALLOWED_EXECUTABLES)`,
      { cause: error },
    )
  }
}

function wordsOf(line: string, field: string): string[] {
  try {
    return shellSplit(line)
  } catch (error) {
    throw new LooperError('LOOPER_FIELD_INVALID', `'${field}': ${messageOf(error)}`, { cause: error })
  }
}
