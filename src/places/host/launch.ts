import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { makeDirectory } from '../../base/files.ts'
import { discard } from '../../base/plain-file.ts'
import type { Identity, ProcessTable } from '../../processes/table.ts'
import { enterable } from '../../runs/access.ts'
import type { Launched, LaunchSpec } from '../place.ts'
import { removeFiles, writeFiles } from './files.ts'
import { removeOrders, writeOrders } from './orders.ts'
import { makeState, parseEnd, parseReport, parseStatus, readState, type WrapperReport } from './state-file.ts'
import { pipeOf, type Wrappers } from './wrappers.ts'

/** What this place adds to a launch. */
export interface HostSpec extends LaunchSpec {
  /** Where state files live. */
  readonly stateDir: string
  readonly table: ProcessTable
  readonly clock: Clock
  readonly wrappers: Wrappers
}

interface Told extends Pick<Launched, 'status' | 'complete'> {
  /** Who both are, or what was told of that when the wrapper ended. */
  readonly report: Promise<WrapperReport>
}

/** A wrapper tells who it is within milliseconds, unless it hangs: in a workspace that does not answer, for instance. */
const REPORT_LIMIT_MS = 10_000

/**
 * Starts an agent behind its wrapper, detached, with the log as its output. Resolves as soon as the agent's pid is
 * known, a moment before its program begins.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_LAUNCH_FAILED`, and what
 * `assertAllowed` throws
 */
export async function launch(spec: HostSpec): Promise<Launched> {
  try {
    makeDirectory(spec.stateDir, 0o700)
    return await start(spec)
  } catch (error) {
    const statePath = path.join(spec.stateDir, spec.runId)
    removeFiles(statePath)
    discard(statePath)
    throw launchError(error, spec.workspace)
  }
}

async function start(spec: HostSpec): Promise<Launched> {
  const { runId, workspace, logPath, command, table } = spec
  const statePath = path.join(spec.stateDir, runId)
  try {
    makeState(statePath)
    writeFiles(statePath, command.files)
    writeOrders(statePath, { ...command, workspace, logPath })
    const told = await order(spec, statePath)
    const { agent, wrapper } = told
    return { ...told, agent: await identify(agent, table), wrapper: await identify(wrapper, table) }
  } finally {
    removeOrders(statePath)
  }
}

/** Tells a wrapper its run. From there on only the wrapper knows whether there is an agent. */
async function order(spec: HostSpec, statePath: string): Promise<Launched> {
  spec.assertAllowed()
  const { child, isNew } = spec.wrappers.take(spec.env)
  const pipe = pipeOf(child)
  if (!pipe) {
    const [error]: unknown[] = await once(child, 'error')
    throw error
  }
  const { report, status, complete } = listen(pipe)
  pipe.write(`${spec.runId}\n`)
  child.unref()
  const known = new AbortController()
  spec.clock
    .sleep(REPORT_LIMIT_MS, known.signal)
    .then(() => giveUp(child, statePath))
    .catch(() => undefined)
  const heard = await report
  known.abort()
  const { agent, wrapper } = heard.agent ? heard : readState(statePath)
  if (agent && wrapper) return { agent, wrapper, status, complete }
  // It says who it is before anything else: without a word it was killed while it waited, and there is no agent.
  if (!wrapper && !isNew) return order(spec, statePath)
  throw new Error('the wrapper ended before the agent began')
}

/** Ends a wrapper that does not tell who it is, and with it whoever is to become the agent: it leads their group. */
function giveUp(child: ChildProcess, statePath: string): void {
  // It may have told while this very process stood still.
  if (readState(statePath).agent) return
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  // It may hang where no signal reaches it; it will do nothing more.
  pipeOf(child)?.destroy()
}

/** Reads the wrapper's lines from its pipe. */
function listen(pipe: Readable): Told {
  const report = Promise.withResolvers<WrapperReport>()
  const status = Promise.withResolvers<number | null>()
  const complete = Promise.withResolvers<boolean>()
  let text = ''
  pipe.setEncoding('utf8')
  pipe.on('data', (chunk: string) => {
    text += chunk
    const told = parseReport(text)
    if (told.wrapper && told.agent) report.resolve(told)
    const ended = parseStatus(text)
    if (ended !== null) status.resolve(ended)
  })
  const over = () => {
    report.resolve(parseReport(text))
    status.resolve(null)
    // The wrapper is gone by now, unless it waits for room.
    complete.resolve(parseEnd(text))
  }
  // One that was closed while the wrapper waited says so only once.
  if (pipe.destroyed) over()
  pipe.once('close', over)
  pipe.once('error', over)
  return { report: report.promise, status: status.promise, complete: complete.promise }
}

/** Where the wrapper has no `/proc` to tell the start from, the table tells it. */
async function identify(identity: Identity, table: ProcessTable): Promise<Identity> {
  /* c8 ignore start: systems without /proc */
  if (identity.start === '') return (await table.inspect(identity.pid)) ?? identity
  /* c8 ignore stop */
  return identity
}

function launchError(error: unknown, workspace: string): LooperError {
  if (error instanceof LooperError) return error
  try {
    enterable(workspace)
  } catch (refusal) {
    // The wrapper could not enter it either, and ended.
    if (refusal instanceof LooperError) return refusal
  }
  return new LooperError('LOOPER_LAUNCH_FAILED', `cannot launch the agent: ${messageOf(error)}`, {
    cause: error,
  })
}
