import type { Logger } from 'pino'
import { LooperError, messageOf } from '../base/errors.ts'
import { readTail } from '../logs/run-log.ts'
import type { Receipt } from '../notices/notice.ts'
import { lineage } from '../processes/table.ts'
import type { LiveDeps, LiveRuns } from './live.ts'
import type { Ending } from './outcome.ts'
import type { ResetReport } from './reset.ts'
import type { LaunchRequest, Run, RunRequest, RunResult } from './run.ts'
import type { Occupant, SlotStep } from './slot.ts'
import { stopAll } from './stop-runs.ts'

/** What the steps need. */
export interface SequenceDeps extends LiveDeps {
  readonly live: LiveRuns
  /** Aborted when the service shuts down. */
  readonly closing: AbortSignal
}

/** The steps of a request, taken by whoever holds the slot. */
export interface Sequence {
  /** Waits for something that ends, too, when the request is called off. */
  waitFor<T>(wait: (over: AbortSignal) => Promise<T>): Promise<T>
  /** Announces, stops every live agent of the slot, launches, and looks whether the agent stays up. */
  replace(request: RunRequest, launch: LaunchRequest, runId: string): Promise<RunResult>
  /** Announces, and stops every live agent of the slot. */
  stopOnly(request: RunRequest): Promise<RunResult>
}

const TAIL_LINES = 20

/** At most one run lives: what cannot be ended keeps the next one from beginning. */
async function stillAlive(pids: readonly number[], { table }: SequenceDeps): Promise<LooperError> {
  const ancestors = await lineage(table, process.pid)
  const who = (pid: number) => {
    if (ancestors.has(pid)) return `pid ${pid} (this service runs inside of it)`
    return table.maySignal(pid) ? `pid ${pid}` : `pid ${pid} (another user's)`
  }
  const named = pids.map(who).join(', ')
  const kill = `kill -9 ${pids.join(' ')}`
  return new LooperError(
    'LOOPER_STOP_FAILED',
    `the old agent could not be stopped, so no new one is launched beside it: ${named}; end it by hand ("sudo ${kill}"), then ask again`,
  )
}

/** The last lines of a log that may be closed to us, or gone: that the agent failed is told all the same. */
function tailOf(logPath: string, { placeToCut }: SequenceDeps): string {
  try {
    return readTail(logPath, TAIL_LINES, placeToCut)
    /* c8 ignore next 3: the moment at which there are no descriptors */
  } catch (error) {
    return messageOf(error)
  }
}

/** @throws {LooperError} `LOOPER_SHUTTING_DOWN` where the service is about to end */
export function assertOpen(closing: AbortSignal): void {
  if (!closing.aborted) return
  throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is shutting down; nothing more is launched')
}

/** What a launch that somebody called off comes to grief on. */
export const calledOff = (cause: string) =>
  new LooperError('LOOPER_RUN_CANCELLED', `the run was called off: ${cause}`)

/**
 * The steps for one occupant of the slot. Each of them throws a {@link LooperError}: `LOOPER_SHUTTING_DOWN`,
 * `LOOPER_RUN_CANCELLED` where it was called off, and its own.
 */
export function sequenceOf(occupant: Occupant, deps: SequenceDeps, log: Logger): Sequence {
  const { clock, ledger, live, closing } = deps
  const cancelled = occupant.calledOff.signal
  const over = AbortSignal.any([closing, cancelled])

  let launched: string | null = null

  function assertStaying(): void {
    if (launched === null) assertOpen(closing)
    else if (closing.aborted) {
      const what = `the service is shutting down, and run ${launched} with it`
      throw new LooperError('LOOPER_SHUTTING_DOWN', what)
    }
  }

  function assertGoing(): void {
    assertStaying()
    if (cancelled.aborted) throw calledOff(cancelled.reason)
  }

  function enter(step: SlotStep, facts: object = {}): void {
    assertGoing()
    occupant.step = step
    log.info({ step, ...facts }, 'run.step')
  }

  async function announce({ message, notify }: RunRequest, runId: string | null): Promise<Receipt> {
    enter('notice')
    return notify(message, over, runId).catch((error: unknown) => {
      assertGoing()
      const why = messageOf(error)
      throw new LooperError('LOOPER_NOTICE_FAILED', `failed to send Zulip message: ${why}`, { cause: error })
    })
  }

  /** What waits may have been announced before: by a life of the service that was killed before the launch, for example. */
  async function announceOnce(request: RunRequest, runId: string): Promise<string> {
    const before = ledger.find(runId)?.notice
    if (before != null) return before
    const { output: notice, messageId: noticeId } = await announce(request, runId)
    ledger.step(runId, { announcedAt: clock.now(), notice, noticeId, noticeText: request.message })
    return notice
  }

  /** @param goesOn whether the session of what is stopped is gone on in: then the whole grace is for a clean end */
  async function reset(slot: string, why: Ending, goesOn = false): Promise<ResetReport> {
    enter('stop')
    const runs = () => live.seenFrom(slot)
    const graceMs = goesOn ? 2 * deps.graceMs : deps.graceMs
    const report = await stopAll(runs(), why, { ...deps, graceMs }, log).finally(() => {
      for (const run of runs().own) run.expectNoEnd(why)
    })
    const { agents, signalled, remaining } = report
    log.info({ step: 'stopped', pids: agents, signalled, remaining }, 'run.step')
    return report
  }

  /** The agent's return code if it ends within the startup check, else null; nothing ends within no time. */
  async function checkStartup(run: Run, title: string, ms: number | null): Promise<number | null> {
    if (ms === null) return null
    enter('startup_check', { ms })
    if (ms === 0) return null
    const checked = new AbortController()
    const end = await Promise.race([
      run.ended,
      clock.sleep(ms, AbortSignal.any([checked.signal, closing])).catch(() => null),
    ])
    checked.abort()
    // Whoever ended it, it did not end by itself.
    assertGoing()
    if (!end) return null
    const { returnCode } = end
    if (returnCode === 0) return 0
    const tail = tailOf(run.logPath, deps)
    throw new LooperError(
      'LOOPER_AGENT_EXITED_EARLY',
      `${title} exited early (rc=${returnCode ?? 'unknown'}, log_path=${run.logPath}, tail=${tail})`,
    )
  }

  return {
    async waitFor(wait) {
      log.info({ step: 'wait' }, 'run.step')
      try {
        return await wait(over)
      } catch (error) {
        assertGoing()
        throw error
      }
    },

    async stopOnly(request) {
      const { output: noticeOutput } = await announce(request, null)
      const cause = `stopped by request ${request.requestId}`
      const { agents, remaining } = await reset(request.slot, { outcome: 'stopped', cause })
      return { noticeOutput, stopped: agents, remaining, run: null, startupReturnCode: null }
    },

    async replace(request, launch, runId) {
      // A work tree of its own is not there yet.
      const look = () => (launch.isolation ? undefined : deps.changes?.before(runId, launch.workspace))
      const isFree = live.seenFrom(request.slot).own.length === 0
      // Nobody waits for a look in the meantime; where something works there, it comes when that is stopped.
      const early = isFree ? look() : undefined
      const notice = await announceOnce(request, runId)
      // A notice may take its time: what cannot be launched any more must not stop what lives.
      deps.recheck(launch)

      const goesOn = request.ifRunning === 'resume'
      const cause = goesOn ? `run ${runId} goes on in its session` : `replaced by run ${runId}`
      const { agents, remaining } = await reset(request.slot, { outcome: 'replaced', cause }, goesOn)
      const stoppedPids = agents.filter((pid) => !remaining.includes(pid))
      ledger.step(runId, { stoppedAt: clock.now(), stoppedPids })
      if (remaining.length > 0) throw await stillAlive(remaining, deps)

      const looked = (agents.length === 0 ? early : undefined) ?? look()
      enter('delay', { ms: request.delayMs })
      if (request.delayMs > 0) await clock.sleep(request.delayMs, over).catch(assertGoing)

      enter('launch')
      const run = await live.launch(runId, launch, looked)
      launched = runId
      const startupReturnCode = await checkStartup(run, launch.agent.title, request.startupCheckMs)
      assertStaying()
      return { noticeOutput: notice, stopped: agents, remaining, run, startupReturnCode }
    },
  }
}
