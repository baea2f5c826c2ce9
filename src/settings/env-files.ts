import { parseEnv } from 'node:util'
import { errnoOf, messageOf } from '../base/errors.ts'
import { readOwnerFile } from '../base/owner-file.ts'
import { ConfigError } from './config-error.ts'
import { tellOfLines } from './dot-env-lines.ts'

/** An environment, and what its owner should know of the files that it comes from. */
export interface ReadEnv {
  readonly env: NodeJS.ProcessEnv
  readonly told: readonly string[]
}

const OPTION = /^--env-file(?:-if-exists)?(?:=(.*))?$/s

/**
 * Reads the files again that Node read at the start (`--env-file`, `--env-file-if-exists`), and adds what it missed: it knows
 * nothing of byte order marks and of UTF-16, takes a file that it may not read for none, and says nothing of lines that
 * it leaves out. Without such an option nothing is read.
 * @param execArgv the options of Node itself
 * @throws {ConfigError} for a file that is there and cannot be read: what it sets would silently not count
 */
export function completeEnv(env: NodeJS.ProcessEnv, execArgv: readonly string[]): ReadEnv {
  const told: string[] = []
  let missing: NodeJS.ProcessEnv = {}
  for (const file of envFilesOf(execArgv)) {
    const text = readIfThere(file)
    if (text === null) continue
    const values = parseEnv(text)
    if (Object.keys(values).some((name) => env[name] === undefined))
      told.push(`${file} is not all read by Node itself; save it as UTF-8 without a byte order mark`)
    told.push(...tellOfLines(text).map((what) => `${file}, ${what}`))
    // As Node does it: a later file goes before an earlier one, and the environment before all.
    missing = { ...missing, ...values }
  }
  return { env: { ...missing, ...env }, told }
}

function envFilesOf(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((option, i) => {
    const found = OPTION.exec(option)
    return found ? (found[1] ?? execArgv[i + 1] ?? []) : []
  })
}

function readIfThere(file: string): string | null {
  try {
    return readOwnerFile(file)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw new ConfigError([`cannot read ${file}: ${messageOf(error)}`])
  }
}
