import { allowedArgv, type CommandLineRules } from '../command-line.ts'

/** What is to be run when the agent has ended well, to see whether it did its work. */
export interface Check {
  /** The command line, as it was asked for. */
  readonly line: string
  /** Whether the owner wrote it, in the settings or a hook: then it is a shell's. */
  readonly isOwners: boolean
  /** 0: no limit. */
  readonly timeoutMs: number
}

/**
 * What a check runs. The owner's line is a shell's. Anybody else's is split into words, without a shell, and its program must
 * be one that the owner allowed.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, `LOOPER_EXECUTABLE_FORBIDDEN`
 */
export function argvOf(
  { line, isOwners }: Pick<Check, 'line' | 'isOwners'>,
  rules: CommandLineRules,
): readonly [string, ...string[]] {
  if (isOwners) return ['/bin/sh', '-c', line]
  return allowedArgv(line, 'verify', rules)
}
