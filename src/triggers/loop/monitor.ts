import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import { lengthOf } from '../../base/length-of.ts'
import { runPart } from '../../processes/mark.ts'
import { ownMark } from '../../processes/own-mark.ts'
import { stopTrees } from '../../processes/stop.ts'
import { COOKIE, lineage, type ProcessInfo } from '../../processes/table.ts'
import { insist } from '../../runs/insist.ts'
import { type StopTreeDeps, stopTree, targetOf } from '../../runs/stop-tree.ts'
import { lastBytes } from './last-bytes.ts'

/** A command of a loop's owner that is run before a round: its monitor, or its gate. */
export interface LoopCommand {
  /** Its program, and the words that it gets. */
  readonly argv: readonly string[]
  readonly workspace: string
  /** What it gets as its environment: that of agents. */
  readonly env: NodeJS.ProcessEnv
  /** What all of its processes carry, as {@link commandCookie} tells it; one command at a time. */
  readonly cookie: string
  /** When it is ended. */
  readonly timeoutMs: number
}

/** What running it needs. */
export interface CommandDeps extends StopTreeDeps {
  readonly logger: Logger
}

/** How a command ended. */
export type CommandEnd = 'exited' | 'timed_out' | 'stopped' | 'failed_to_start'

/** What came of a command. */
export interface CommandResult {
  readonly end: CommandEnd
  /** Its exit status, negative for a signal; null where it was ended, or not started. */
  readonly status: number | null
  /**
   * The last part of what it printed, then, if there is any, a line `[stderr]` and the last part of that. Lines in brackets say
   * what was cut, and that it was ended or not started.
   */
  readonly output: string
  readonly durationMs: number
  /** Processes of it that could not be stopped. */
  readonly survivors: readonly number[]
}

/** What a gate says. */
export const GATE_WORDS = ['go', 'nothing_to_do', 'failed'] as const
/** What a gate says. */
export type GateWord = (typeof GATE_WORDS)[number]

/** EX_TEMPFAIL of sysexits(3). */
const NOTHING_TO_DO = 75
/** 64 KiB in all. */
const MOST_BYTES = { stdout: 49_152, stderr: 16_384 } as const
/** What was written before the end is surely read by then. */
const LAST_OUTPUT_MS = 200
/** Runs its words, with the mark that stands before them, where there is one. */
const MARKED =
  'if [ "$0" ] && command -v prlimit >/dev/null; then exec prlimit --rttime="$0:" -- "$@"; fi; exec "$@"'

/** What the processes of a loop's commands carry as their run id. @param dir the loop's own directory: no two services share it */
export const commandCookie = (dir: string): string => `loop-${runPart(dir)}`

/** What a gate says by how it ended: 0 is go, 75 is nothing to do. */
export function gateWord({ end, status }: Pick<CommandResult, 'end' | 'status'>): GateWord {
  if (end !== 'exited') return 'failed'
  return status === 0 ? 'go' : status === NOTHING_TO_DO ? 'nothing_to_do' : 'failed'
}

/**
 * Runs a command, and resolves when nothing of it is left: when it ends, when its time is over, or when the signal aborts, all
 * that it started is ended with it. Of what it prints, the last part is kept. Never rejects.
 */
export async function runCommand(
  command: LoopCommand,
  deps: CommandDeps,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { clock } = deps
  const began = clock.monotonic()
  const told = (end: CommandEnd, lines: readonly string[]) => ({
    end,
    status: null,
    output: lines.filter((text) => text !== '').join('\n'),
    durationMs: Math.round(clock.monotonic() - began),
    survivors: [],
  })
  if (signal.aborted) return told('stopped', [])
  let started: Started
  try {
    started = await start(command, deps)
  } catch (error) {
    return notStarted(error)
  }
  const over = new AbortController()
  const end = await Promise.race([
    started.exited.then(() => 'exited' as const),
    clock.sleep(command.timeoutMs, AbortSignal.any([signal, over.signal])).then(
      () => 'timed_out' as const,
      () => 'stopped' as const,
    ),
  ])
  over.abort()
  const { survivors } = await insist(
    () => stopTree(command.cookie, started.identity, deps),
    'loop.command.stop.fail',
    deps,
  )
  const printed = await started.printed()
  if (end === 'exited') return { ...told(end, printed), status: await started.exited, survivors }
  const why = end === 'stopped' ? 'stopped' : `ended after ${lengthOf(command.timeoutMs)}`
  return { ...told(end, [...printed, `[${why}]`]), survivors }
}

/** What came of one that could not be started. */
export const notStarted = (error: unknown): CommandResult => ({
  end: 'failed_to_start',
  status: null,
  output: `[not started: ${messageOf(error)}]`,
  durationMs: 0,
  survivors: [],
})

interface Started {
  readonly identity: Pick<ProcessInfo, 'bootId' | 'pid' | 'start'>
  readonly exited: Promise<number>
  /** What it printed, once nothing of it is left. */
  printed(): Promise<string[]>
}

/** @throws {Error} where the system refuses */
async function start(
  { argv, workspace, env, cookie }: LoopCommand,
  { clock, table }: CommandDeps,
): Promise<Started> {
  // Of no run: whatever agent it starts is not left over from one.
  const mark = ownMark(cookie, cookie)
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    '/bin/sh',
    ['-c', MARKED, mark, ...argv],
    {
      cwd: workspace,
      env: { ...env, [COOKIE]: cookie },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? Number(code) : -constants.signals[signal]))
  })
  const out = lastBytes(MOST_BYTES.stdout)
  const err = lastBytes(MOST_BYTES.stderr)
  child.stdout.on('data', out.add)
  child.stderr.on('data', err.add)
  await once(child, 'spawn')
  const pid = Number(child.pid)
  // Where nobody sees it, it is found by what it carries.
  const identity = (await table.inspect(pid)) ?? { bootId: table.bootId, pid, start: '0' }
  return {
    identity,
    exited,
    async printed() {
      const closed = new AbortController()
      await Promise.race([
        Promise.allSettled([finished(child.stdout), finished(child.stderr)]),
        clock.sleep(LAST_OUTPUT_MS, closed.signal).catch(() => undefined),
      ])
      closed.abort()
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
      const errors = err.text().trimEnd()
      return [out.text().trimEnd(), errors === '' ? '' : `[stderr]\n${errors}`]
    },
  }
}

/**
 * Ends what an earlier life of the service left of a loop's commands; resolves with the processes that could not be stopped.
 * @throws {Error} where the processes cannot be looked at
 */
export async function endCommand(cookie: string, deps: StopTreeDeps): Promise<readonly number[]> {
  const { table, ownCookie } = deps
  const mark = runPart(cookie)
  const left = [...(await table.processes())].filter(
    ({ pid, state }) =>
      state !== 'zombie' && (table.cookieOf(pid) === cookie || table.markOf(pid)?.run === mark),
  )
  const targets = left.map((info) => targetOf(cookie, info, ownCookie))
  const { survivors } = await stopTrees(targets, { ...deps, spare: await lineage(table, process.pid) })
  return survivors
}
