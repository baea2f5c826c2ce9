import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { AgentCommand } from '../agents/agent.ts'
import { LooperError, messageOf } from '../errors.ts'
import { isDirectory } from '../files.ts'
import type { Identity, ProcessTable } from '../processes/table.ts'
import type { RunLog } from './run-log.ts'
import { parseReport } from './state-file.ts'

/** What is started, where, and with which environment. */
export interface LaunchSpec {
  readonly runId: string
  readonly workspace: string
  readonly command: AgentCommand
  readonly log: RunLog
  /** The agent's environment; the cookie is added by the wrapper. */
  readonly env: NodeJS.ProcessEnv
  /** Where state files live. */
  readonly stateDir: string
  readonly table: ProcessTable
}

/** A run that has begun. */
export interface Launched {
  readonly agent: Identity
  readonly wrapper: Identity
  /**
   * The wrapper's last word: the agent's status once the log is complete, or null where the wrapper was gone
   * without one. Never rejects.
   */
  readonly status: Promise<number | null>
}

type Reported = Pick<Launched, 'agent' | 'wrapper'>

const WRAPPER = path.join(import.meta.dirname, 'wrapper.sh')

/**
 * Starts an agent behind its wrapper, detached, with the log as its output. Resolves as soon as the agent's pid is
 * known, a moment before its program begins.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_LAUNCH_FAILED`
 */
export async function launch(spec: LaunchSpec): Promise<Launched> {
  try {
    mkdirSync(spec.stateDir, { recursive: true, mode: 0o700 })
    return await start(spec)
  } catch (error) {
    throw launchError(error, spec.workspace)
  }
}

async function start(spec: LaunchSpec): Promise<Launched> {
  const { log, workspace } = spec
  const stdin = openStdin(spec)
  try {
    const child = spawn(
      '/bin/sh',
      [WRAPPER, path.join(spec.stateDir, spec.runId), log.path, spec.runId, ...spec.command.argv],
      {
        cwd: workspace,
        detached: true,
        env: { ...spec.env, PWD: workspace },
        stdio: [stdin ?? 'ignore', log.fd, log.fd, 'pipe'],
      },
    )
    const { report, status } = listen(pipeOf(child))
    await once(child, 'spawn')
    child.unref()
    const { agent, wrapper } = await report
    return { agent: await complete(agent, spec.table), wrapper: await complete(wrapper, spec.table), status }
  } finally {
    if (stdin !== null) closeSync(stdin)
  }
}

/** A long prompt goes through a file that has no name any more: nothing to clean up, nothing to read by others. */
function openStdin({ command, stateDir, runId }: LaunchSpec): number | null {
  if (command.stdin === null) return null
  const file = path.join(stateDir, `${runId}.stdin`)
  writeFileSync(file, command.stdin, { mode: 0o600, flag: 'wx' })
  try {
    return openSync(file, 'r')
  } finally {
    unlinkSync(file)
  }
}

function pipeOf(child: ChildProcess): Readable {
  const pipe = child.stdio[3]
  if (pipe instanceof Readable) return pipe
  /* c8 ignore next: spawn was asked for a pipe there */
  throw new Error('the wrapper has no pipe')
}

/** Reads the wrapper's lines from its pipe. */
function listen(pipe: Readable): { report: Promise<Reported>; status: Promise<number | null> } {
  const report = Promise.withResolvers<Reported>()
  const status = Promise.withResolvers<number | null>()
  report.promise.catch(() => undefined)
  let text = ''
  pipe.setEncoding('utf8')
  pipe.on('data', (chunk: string) => {
    text += chunk
    const { wrapper, agent } = parseReport(text)
    if (wrapper && agent) report.resolve({ wrapper, agent })
    const ended = /^end (-?\d+)\n/m.exec(text)?.[1]
    if (ended !== undefined) status.resolve(Number(ended))
  })
  const over = () => {
    report.reject(new Error('the wrapper ended before the agent began'))
    status.resolve(null)
  }
  pipe.once('close', over)
  pipe.once('error', over)
  return { report: report.promise, status: status.promise }
}

/** Where the wrapper has no `/proc` to tell the start from, the table tells it. */
async function complete(identity: Identity, table: ProcessTable): Promise<Identity> {
  /* c8 ignore start: systems without /proc */
  if (identity.start === '') return (await table.inspect(identity.pid)) ?? identity
  /* c8 ignore stop */
  return identity
}

function launchError(error: unknown, workspace: string): LooperError {
  // spawn says ENOENT for a missing program and for a missing directory alike.
  if (!isDirectory(workspace)) {
    return new LooperError('LOOPER_WORKSPACE_INVALID', `workspace is not a directory: ${workspace}`, {
      cause: error,
    })
  }
  return new LooperError('LOOPER_LAUNCH_FAILED', `cannot launch the agent: ${messageOf(error)}`, {
    cause: error,
  })
}
