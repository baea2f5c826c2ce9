import { randomUUID } from 'node:crypto'
import { closeSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from 'pino'
import { LooperError, messageOf } from '../errors.ts'
import { launch } from './launch.ts'
import { findAgents, type ResetDeps, type ResetReport, stopAgents } from './reset.ts'
import type { LaunchRequest, Run, RunEnd, RunRequest, RunResult } from './run.ts'
import { createRunLog, readTail } from './run-log.ts'
import { shellQuote } from './shell-quote.ts'
import { createSlot } from './slot.ts'
import { watch } from './watch.ts'

/** Why the idle launch did not happen. */
export type IdleOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: 'busy' | 'live' | 'declined' }

/** The heart: a trigger asks for a run; at most one launch happens at a time; a new run replaces the old one. */
export interface Runs {
  /**
   * Announces, stops every live agent, launches, and looks whether the agent stays up.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_NOTICE_FAILED`, `LOOPER_AGENT_EXITED_EARLY`,
   * `LOOPER_SHUTTING_DOWN`, and what launching throws
   */
  run(request: RunRequest): Promise<RunResult>
  /**
   * Launches without notice and without stopping anything, if nobody launches, no agent lives, and `prepare` does
   * not decline with null.
   */
  launchIfIdle(prepare: () => Promise<LaunchRequest | null>): Promise<IdleOutcome>
  /** The runs of this service that have not ended. */
  live(): readonly Run[]
  /** Launches nothing more, stops every run of this service, and resolves when nothing of them is left. */
  close(): Promise<void>
}

/** What the heart is made of. */
export interface RunsDeps extends ResetDeps {
  readonly logger: Logger
  readonly logDir: string
  /** What agents get as their environment. */
  readonly env: NodeJS.ProcessEnv
  /** Follows a run log from an offset until it is complete; null where output is not mirrored. */
  readonly mirror: ((file: string, from: number, complete: AbortSignal) => Promise<unknown>) | null
}

const TAIL_LINES = 20

/** Assembles the heart. */
export function createRuns(deps: RunsDeps): Runs {
  const { clock, logger } = deps
  const slot = createSlot()
  const live = new Map<string, Run>()
  const closing = new AbortController()

  async function begin(request: LaunchRequest): Promise<Run> {
    const runId = randomUUID()
    const { requestId, trigger, workspace } = request
    const log = logger.child({ request_id: requestId, run_id: runId })
    const command = deps.agent.command({
      binary: request.binary.path,
      workspace,
      prompt: request.prompt,
      runId,
    })
    const line = shellQuote(command.argv)
    const runLog = await createRunLog(
      deps.logDir,
      { requestId, workspace, command: line },
      new Date(clock.now()),
    )
    try {
      const { agent, status } = await launch({ ...deps, runId, workspace, command, log: runLog })
      log.info({ pid: agent.pid, command: line, log_path: runLog.path }, 'cmd.start')

      const complete = new AbortController()
      const mirrored = deps
        .mirror?.(runLog.path, runLog.headerBytes, complete.signal)
        .catch((error: unknown) => log.error({ error: messageOf(error) }, 'run.mirror.fail'))
      const stateFile = path.join(deps.stateDir, runId)
      const ended = watch({ runId, agent, logPath: runLog.path, stateFile, status }, deps)
        .catch((error: unknown) => {
          log.error({ error: messageOf(error) }, 'run.watch.fail')
          return { returnCode: null, leftovers: [], survivors: [] }
        })
        .then(async ({ returnCode, leftovers, survivors }): Promise<RunEnd> => {
          complete.abort()
          await mirrored
          live.delete(runId)
          const facts = { return_code: returnCode, leftovers, survivors }
          if (returnCode === 0) log.info(facts, 'cmd.done')
          else log.warn(facts, 'cmd.fail')
          return { returnCode }
        })
      const run: Run = {
        runId,
        requestId,
        trigger,
        workspace,
        command: line,
        logPath: runLog.path,
        agent,
        ended,
      }
      live.set(runId, run)
      return run
    } finally {
      closeSync(runLog.fd)
    }
  }

  /** Stops what is live; the old logs are complete when it resolves. What survives is told, not waited for. */
  async function stopLive(scoped: ResetDeps, log: Logger): Promise<ResetReport> {
    const replaced = [...live.values()]
    const report = await stopAgents(scoped, await findAgents(scoped, replaced))
    if (report.survivors.length > 0) log.error({ survivors: report.survivors }, 'run.stop.survivors')
    const alive = new Set(report.survivors)
    await Promise.all(replaced.filter(({ agent }) => !alive.has(agent.pid)).map((run) => run.ended))
    return report
  }

  /** The agent's return code if it ends within the startup check, else null. */
  async function checkStartup(run: Run, ms: number): Promise<number | null> {
    const over = new AbortController()
    const outcome = await Promise.race([
      run.ended,
      clock.sleep(ms, AbortSignal.any([over.signal, closing.signal])).catch(() => null),
    ])
    over.abort()
    if (!outcome) return null
    const { returnCode } = outcome
    if (returnCode === 0) return 0
    const tail = readTail(run.logPath, TAIL_LINES)
    throw new LooperError(
      'LOOPER_AGENT_EXITED_EARLY',
      `codex exec exited early (rc=${returnCode ?? 'unknown'}, log_path=${run.logPath}, tail=${tail})`,
    )
  }

  function assertOpen(): void {
    if (closing.signal.aborted) {
      throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is shutting down; nothing more is launched')
    }
  }

  async function sequence(request: RunRequest, log: Logger): Promise<RunResult> {
    log.info({ step: 'notice' }, 'run.step')
    const { output } = await request.notify(request.message, closing.signal).catch((error: unknown) => {
      assertOpen()
      const why = messageOf(error)
      throw new LooperError('LOOPER_NOTICE_FAILED', `failed to send Zulip message: ${why}`, { cause: error })
    })
    assertOpen()

    log.info({ step: 'stop' }, 'run.step')
    const stop = await stopLive(deps, log)
    const stopped = { noticeOutput: output, stopped: stop.agents, remaining: stop.remaining }
    log.info(
      { step: 'stopped', pids: stop.agents, signalled: stop.signalled, remaining: stop.remaining },
      'run.step',
    )
    if (!request.launch) return { ...stopped, run: null, startupReturnCode: null }

    log.info({ step: 'delay', ms: request.delayMs }, 'run.step')
    if (request.delayMs > 0) await clock.sleep(request.delayMs, closing.signal).catch(assertOpen)
    assertOpen()

    log.info({ step: 'launch' }, 'run.step')
    const run = await begin(request.launch)

    log.info({ step: 'startup_check', ms: request.startupCheckMs }, 'run.step')
    const startupReturnCode = await checkStartup(run, request.startupCheckMs)
    assertOpen()
    return { ...stopped, run, startupReturnCode }
  }

  return {
    async run(request) {
      assertOpen()
      const release = slot.take()
      if (!release) throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
      const log = logger.child({ request_id: request.requestId })
      try {
        const result = await sequence(request, log).finally(release)
        log.info({ pid: result.run?.agent.pid, log_path: result.run?.logPath }, 'run.success')
        return result
      } catch (error) {
        log.error({ error: messageOf(error) }, 'run.fail')
        throw error
      }
    },

    async launchIfIdle(prepare) {
      assertOpen()
      const release = slot.take()
      if (!release) return { kind: 'busy' }
      try {
        if ((await findAgents(deps, [...live.values()])).agents.length > 0) return { kind: 'live' }
        const request = await prepare()
        if (!request) return { kind: 'declined' }
        assertOpen()
        return { kind: 'launched', run: await begin(request) }
      } finally {
        release()
      }
    },

    live: () => [...live.values()],

    async close() {
      closing.abort()
      await slot.free()
      await stopLive({ ...deps, scope: 'own' }, logger)
    },
  }
}
