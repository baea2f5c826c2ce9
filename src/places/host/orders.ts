import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { discard } from '../../base/plain-file.ts'
import { ownMark } from '../../processes/own-mark.ts'
import { cookieOf } from '../place.ts'

/** What a wrapper needs to know to run an agent. */
export interface Orders {
  readonly workspace: string
  readonly logPath: string
  readonly argv: readonly string[]
  /** What the agent reads; null: nothing. */
  readonly stdin: string | null
  /** Added to the agent's environment; null: taken out of it. */
  readonly env: Readonly<Record<string, string | null>>
}

/** Files beside the state file, read by the wrapper alone and needed until it has told who the agent is. */
const filesOf = (statePath: string) => ({ orders: `${statePath}.orders`, stdin: `${statePath}.stdin` })

/** Writes down what is to be run, as the script that the wrapper will read, for its owner only. */
export function writeOrders(statePath: string, { workspace, logPath, argv, stdin, env }: Orders): void {
  const files = filesOf(statePath)
  const write = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  if (stdin !== null) write(files.stdin, stdin)
  write(
    files.orders,
    [
      `looper_workspace=${literal(workspace)}`,
      `looper_log=${literal(logPath)}`,
      `looper_mark=${markOf(statePath)}`,
      `looper_input=${literal(stdin === null ? '/dev/null' : files.stdin)}`,
      // The wrapper's own environment, which anybody of this user may read in /proc, has nothing of it.
      ...Object.entries(env).map(([name, value]) =>
        value === null ? `unset ${name}` : `export ${name}=${literal(value)}`,
      ),
      `set -- ${argv.map(literal).join(' ')}`,
      '',
    ].join('\n'),
  )
}

/** Removes what was written down, if anything was. What cannot be removed stays, and nobody reads it again. */
export function removeOrders(statePath: string): void {
  for (const file of Object.values(filesOf(statePath))) discard(file)
}

/** The limit that marks the run: the wrapper begins with the service's own limits. */
const markOf = (statePath: string) => ownMark(cookieOf(path.basename(statePath)), path.dirname(statePath))

/** A word as every shell reads it. */
const literal = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
