import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { checkFreeSpace } from '../disk.ts'
import { LooperError, messageOf } from '../errors.ts'
import { adoptRuns } from './adopt.ts'
import { createLiveRuns, type LiveDeps } from './live.ts'
import type { Ending } from './outcome.ts'
import { findAgents, type ResetDeps, type ResetReport, stopAgents } from './reset.ts'
import type { LaunchRequest, Run, RunRequest, RunResult } from './run.ts'
import { readTail } from './run-log.ts'
import { createSlot } from './slot.ts'

/** Why the idle launch did not happen. */
export type IdleOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: 'busy' | 'live' | 'declined' }

/** A request that has taken the slot. */
export interface Started {
  /** Null where nothing will be launched. */
  readonly runId: string | null
  readonly done: Promise<RunResult>
}

/** The heart: a trigger asks for a run; at most one launch happens at a time; a new run replaces the old one. */
export interface Runs {
  /** Follows or ends what an earlier life of the service left unfinished. Launches wait for it. Never rejects. */
  adopt(): Promise<void>
  /**
   * Takes the slot and begins; what follows is told by `done`: the announcement, the stop of every live agent, the
   * launch, and whether the agent stays up.
   * @throws {LooperError} `LOOPER_BUSY`, `LOOPER_DISK_FULL`, `LOOPER_LEDGER_UNWRITABLE`, `LOOPER_SHUTTING_DOWN`; `done`
   * rejects with `LOOPER_NOTICE_FAILED`, `LOOPER_AGENT_EXITED_EARLY`, and what launching throws
   */
  start(request: RunRequest): Promise<Started>
  /** Starts, and waits until it is done. */
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
  /** Begins nothing more; resolves when the launch under way, if any, is done. Every run lives on. */
  handOver(): Promise<void>
}

/** What the heart is made of. */
export interface RunsDeps extends LiveDeps {
  /** Less free space than this, and nothing is launched. */
  readonly minFreeMb: number
}

const TAIL_LINES = 20

/** Assembles the heart. */
export function createRuns(deps: RunsDeps): Runs {
  const { clock, ledger, logger } = deps
  const slot = createSlot()
  const live = createLiveRuns(deps)
  const closing = new AbortController()
  let isHandedOver = false

  /** Puts a launch on the record as an intent. */
  function record(request: LaunchRequest): string {
    const runId = randomUUID()
    const { requestId, trigger, caller, workspace, prompt, timeoutMs, stallMs } = request
    ledger.begin({
      runId,
      requestId,
      trigger,
      caller,
      workspace,
      prompt,
      timeoutMs,
      stallMs,
      agent: deps.agent.name,
      binary: request.binary.path,
      requestedAt: clock.now(),
    })
    return runId
  }

  /** Does what leads to a run that is on the record; what keeps it from starting ends it there. */
  async function onRecord<T>(runId: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!live.all().some((run) => run.runId === runId)) {
        const end = { outcome: 'failed_to_start', returnCode: null, cause: messageOf(error) } as const
        ledger.finish(runId, { ...end, endedAt: clock.now(), outputBytes: null, tokensUsed: null })
      }
      throw error
    }
  }

  /** Stops what is live; the old logs are complete when it resolves. What survives is told, not waited for. */
  async function stopLive(scoped: ResetDeps, log: Logger, why: Ending): Promise<ResetReport> {
    const replaced = live.all()
    for (const run of replaced) run.expectEnd(why)
    const report = await stopAgents(scoped, await findAgents(scoped, replaced))
    if (report.survivors.length > 0) log.error({ survivors: report.survivors }, 'run.stop.survivors')
    const alive = new Set(report.survivors)
    // A wrapper that somebody stopped would never tell the end.
    await Promise.all(replaced.map(({ wrapper }) => deps.table.signal(wrapper, 'SIGCONT')))
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
    if (!closing.signal.aborted) return
    throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is shutting down; nothing more is launched')
  }

  async function announce(request: RunRequest, log: Logger): Promise<string> {
    log.info({ step: 'notice' }, 'run.step')
    const { output } = await request.notify(request.message, closing.signal).catch((error: unknown) => {
      assertOpen()
      const why = messageOf(error)
      throw new LooperError('LOOPER_NOTICE_FAILED', `failed to send Zulip message: ${why}`, { cause: error })
    })
    assertOpen()
    return output
  }

  async function reset(log: Logger, why: Ending): Promise<ResetReport> {
    log.info({ step: 'stop' }, 'run.step')
    const report = await stopLive(deps, log, why)
    const { agents, signalled, remaining } = report
    log.info({ step: 'stopped', pids: agents, signalled, remaining }, 'run.step')
    return report
  }

  async function stopOnly(request: RunRequest, log: Logger): Promise<RunResult> {
    const noticeOutput = await announce(request, log)
    const cause = `stopped by request ${request.requestId}`
    const { agents, remaining } = await reset(log, { outcome: 'stopped', cause })
    return { noticeOutput, stopped: agents, remaining, run: null, startupReturnCode: null }
  }

  async function replace(
    request: RunRequest,
    launch: LaunchRequest,
    runId: string,
    log: Logger,
  ): Promise<RunResult> {
    const noticeOutput = await announce(request, log)
    ledger.step(runId, { announcedAt: clock.now(), notice: noticeOutput })
    // A notice may take its time: what cannot be launched any more must not stop what lives.
    deps.recheck(launch)

    const { agents, remaining } = await reset(log, { outcome: 'replaced', cause: `replaced by run ${runId}` })
    ledger.step(runId, { stoppedAt: clock.now(), stoppedPids: agents })

    log.info({ step: 'delay', ms: request.delayMs }, 'run.step')
    if (request.delayMs > 0) await clock.sleep(request.delayMs, closing.signal).catch(assertOpen)
    assertOpen()

    log.info({ step: 'launch' }, 'run.step')
    const run = await live.launch(runId, launch)

    log.info({ step: 'startup_check', ms: request.startupCheckMs }, 'run.step')
    const startupReturnCode = await checkStartup(run, request.startupCheckMs)
    assertOpen()
    return { noticeOutput, stopped: agents, remaining, run, startupReturnCode }
  }

  let adopted = Promise.resolve()

  async function begin(): Promise<void> {
    await adopted
    assertOpen()
    if (isHandedOver)
      throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service hands over to its next start')
  }

  async function start(request: RunRequest): Promise<Started> {
    await begin()
    const { launch } = request
    if (launch) checkFreeSpace(deps.logDir, deps.minFreeMb)
    const release = slot.take()
    if (!release) throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
    const log = logger.child({ request_id: request.requestId, caller: request.caller })
    let runId: string | null
    try {
      runId = launch ? record(launch) : null
    } catch (error) {
      release()
      throw error
    }
    const work =
      launch && runId ? onRecord(runId, replace(request, launch, runId, log)) : stopOnly(request, log)
    const done = work.finally(release).then(
      (result) => {
        log.info({ pid: result.run?.agent.pid, log_path: result.run?.logPath }, 'run.success')
        return result
      },
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'run.fail')
        throw error
      },
    )
    return { runId, done }
  }

  return {
    adopt() {
      adopted = adoptRuns({ ...deps, live }).catch((error: unknown) => {
        logger.error({ error: messageOf(error) }, 'run.adopt.fail')
      })
      return adopted
    },

    start,

    async run(request) {
      return (await start(request)).done
    },

    async launchIfIdle(prepare) {
      await begin()
      const release = slot.take()
      if (!release) return { kind: 'busy' }
      try {
        if ((await findAgents(deps, live.all())).agents.length > 0) return { kind: 'live' }
        // Its agent is gone, but its tools are still being swept, and its end is not on the record yet.
        if (live.all().length > 0) return { kind: 'live' }
        const request = await prepare()
        if (!request) return { kind: 'declined' }
        checkFreeSpace(deps.logDir, deps.minFreeMb)
        assertOpen()
        const runId = record(request)
        return { kind: 'launched', run: await onRecord(runId, live.launch(runId, request)) }
      } finally {
        release()
      }
    },

    live: () => live.all(),

    async handOver() {
      isHandedOver = true
      await adopted
      await slot.free()
    },

    async close() {
      closing.abort()
      await adopted
      await slot.free()
      const why: Ending = { outcome: 'stopped', cause: 'the service was shut down' }
      await stopLive({ ...deps, scope: 'own' }, logger, why)
    },
  }
}
