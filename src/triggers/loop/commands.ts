import path from 'node:path'
import type { Logger } from 'pino'
import { allowedArgv, type CommandLineRules } from '../../runs/command-line.ts'
import type { RequestDefaults } from '../../runs/request.ts'
import { chooseCheck } from '../../runs/verify/choose-check.ts'
import type { LoopDefinition } from './loop.ts'
import {
  type CommandDeps,
  type CommandResult,
  commandCookie,
  endCommand,
  type LoopCommand,
  notStarted,
  runCommand,
} from './monitor.ts'
import type { OwnLoops } from './own-loops.ts'
import type { Loop } from './records.ts'
import { workspaceOf } from './workspace.ts'

/** The commands of a loop. */
export const COMMANDS = ['monitor', 'gate'] as const
/** One of the commands of a loop. */
export type CommandName = (typeof COMMANDS)[number]
/** The same, but that a monitor with an interval of its own may run beside one that a round begins with. */
const PARTS = [...COMMANDS, 'watch'] as const
type Part = (typeof PARTS)[number]

/** The commands of loops. */
export interface LoopCommands {
  /** Refuses what may not be run, the check of its rounds too. @throws {LooperError} `LOOPER_FIELD_INVALID`, `LOOPER_EXECUTABLE_FORBIDDEN` */
  check(definition: Pick<LoopDefinition, CommandName | 'verify'>): void
  /** Runs one that the loop has; resolves when nothing of it is left. Never rejects. */
  run(loop: Pick<Loop, 'name' | 'definition'>, part: Part, signal: AbortSignal): Promise<CommandResult>
  /** Ends what an earlier life of the service left of them. @throws {Error} where the processes cannot be looked at */
  endLeft(loop: string): Promise<void>
}

/** What they take. */
export interface LoopCommandsDeps extends CommandDeps {
  readonly own: OwnLoops
  /** Where each loop has a directory. */
  readonly dir: string
  readonly defaults: Pick<RequestDefaults, 'access' | 'places' | 'workspace' | 'verify'>
  /** What they get as their environment: that of agents. */
  env(): NodeJS.ProcessEnv
  readonly logger: Logger
}

/** Nobody waits longer for one. */
const TIMEOUT_MS = 60_000

/** The commands of the loops whose directories are there. */
export function createLoopCommands(deps: LoopCommandsDeps): LoopCommands {
  const { own, dir, defaults, env, logger } = deps
  const { access, places } = defaults
  const cookieOf = (loop: string, part: Part) => commandCookie(path.join(dir, loop, part))
  const rules = (): CommandLineRules => ({ allowed: access.executables(), places })

  function checkLine(line: string | null | undefined, command: CommandName): void {
    if (line != null) argvOf({ line, isOwners: false }, command, rules())
  }

  return {
    check({ monitor, gate, verify }) {
      const asOfAnyRequest = { ...defaults, isOwners: false, isDefaultRun: false }
      chooseCheck({ line: verify ?? null, timeoutMs: null }, asOfAnyRequest)
      checkLine(monitor, 'monitor')
      checkLine(gate, 'gate')
    },
    async run({ name, definition }, part, signal) {
      const command = part === 'watch' ? 'monitor' : part
      const started = () => ({
        argv: argvOf({ line: definition[command] ?? '', isOwners: own.has(name) }, command, rules()),
        workspace: workspaceOf(definition, defaults),
        env: env(),
        cookie: cookieOf(name, part),
        timeoutMs: TIMEOUT_MS,
      })
      const result = await runAllowed(started, deps, signal)
      const { end, status, durationMs, survivors } = result
      logger.info({ loop: name, command, end, status, ms: durationMs, survivors }, 'loop.command')
      return result
    },
    async endLeft(loop) {
      for (const part of PARTS) {
        const survivors = await endCommand(cookieOf(loop, part), deps)
        if (survivors.length > 0) logger.warn({ loop, command: part, survivors }, 'loop.command.left')
      }
    },
  }
}

/** What may not be run any more is told like what cannot be. */
async function runAllowed(
  prepare: () => LoopCommand,
  deps: CommandDeps,
  signal: AbortSignal,
): Promise<CommandResult> {
  let command: LoopCommand
  try {
    command = prepare()
  } catch (error) {
    return notStarted(error)
  }
  return runCommand(command, deps, signal)
}

/** A line's words, or, where the owner wrote it or allowed the shell itself, the whole line in a shell. */
function argvOf(
  { line, isOwners }: { readonly line: string; readonly isOwners: boolean },
  field: CommandName,
  rules: CommandLineRules,
): readonly string[] {
  if (isOwners) return ['/bin/sh', '-c', line]
  const shell = shellOf(field, rules)
  return shell === null ? allowedArgv(line, field, rules) : [...shell, '-c', line]
}

function shellOf(field: string, rules: CommandLineRules): readonly string[] | null {
  try {
    return allowedArgv('sh', field, rules)
  } catch {
    return null
  }
}
