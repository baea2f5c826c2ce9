import { NO_PROGRAM, type ProgramPlaces, resolveBinary } from '../../agents/binary.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { shellSplit } from '../../base/shell-split.ts'
import { allowedExecutable } from '../access.ts'

/** What is to be run when the agent has ended well, to see whether it did its work. */
export interface Check {
  /** The command line, as it was asked for. */
  readonly line: string
  /** Whether the owner wrote it, in the settings or a hook: then it is a shell's. */
  readonly isOwners: boolean
  /** 0: no limit. */
  readonly timeoutMs: number
}

/** What a request's check is held against. */
export interface CheckRules {
  /** The programs that it may name, as they are now: by every name of one, the name by which it is run. */
  readonly allowed: ReadonlyMap<string, string>
  readonly places: ProgramPlaces
}

/**
 * What a check runs. The owner's line is a shell's. Anybody else's is split into words, without a shell, and its program must
 * be one that the owner allowed.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, `LOOPER_EXECUTABLE_FORBIDDEN`
 */
export function argvOf(
  { line, isOwners }: Pick<Check, 'line' | 'isOwners'>,
  { allowed, places }: CheckRules,
): readonly [string, ...string[]] {
  if (isOwners) return ['/bin/sh', '-c', line]
  const [program = '', ...words] = wordsOf(line)
  const path = find(program, places)
  const real = allowedExecutable(path, 'verify', allowed)
  /* c8 ignore next: whatever is allowed stands in the map */
  return [allowed.get(path) ?? allowed.get(real) ?? real, ...words]
}

/** What is not there, its owner cannot have allowed. */
function find(program: string, places: ProgramPlaces): string {
  try {
    return resolveBinary(program, { ...places, ...NO_PROGRAM }).path
  } catch (error) {
    throw new LooperError(
      'LOOPER_EXECUTABLE_FORBIDDEN',
      `'verify' names a program that is not found: ${program} (LOOPER_ALLOWED_EXECUTABLES)`,
      { cause: error },
    )
  }
}

function wordsOf(line: string): string[] {
  try {
    return shellSplit(line)
  } catch (error) {
    throw new LooperError('LOOPER_FIELD_INVALID', `'verify': ${messageOf(error)}`, { cause: error })
  }
}
