import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Notify } from '../notices/notice.ts'
import type { Ledger, RunRecord } from '../runs/ledger.ts'
import type { LaunchRequest } from '../runs/run.ts'
import { isRunLogName } from '../runs/run-log.ts'
import type { Runs } from '../runs/runs.ts'
import { backoffOf } from './backoff.ts'

/** What the autopoll needs. */
export interface AutopollOptions {
  readonly runs: Runs
  readonly ledger: Pick<Ledger, 'list' | 'launchedSince' | 'note' | 'setNote'>
  /** The default run, checked anew at every launch. */
  readonly prepare: () => Promise<LaunchRequest>
  /** When a run that ended at a usage limit may succeed again, in milliseconds since the epoch; null: it did not. */
  readonly limitedUntil: (run: RunRecord) => number | null
  readonly notify: Notify
  readonly pollMs: number
  /** Above 0: no launch while the newest run log changed within it. */
  readonly staleMs: number
  readonly maxRunsPerHour: number
  readonly logDir: string
  readonly clock: Clock
  readonly logger: Logger
}

const HOUR_MS = 3_600_000
/** More than any row of failures with neutral runs between them. */
const LOOK_BACK = 30
/** Under this note stands the run after which a pause was told. */
const TOLD = 'autopoll.paused_after'

/**
 * Launches the default run whenever nothing runs: now, and then every `pollMs`, until the signal aborts. Runs that fail
 * or end at once make it wait longer and longer, and then pause. Never rejects: a launch that fails is logged.
 */
export async function autopoll(options: AutopollOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, pollMs } = options
  logger.info({ poll_seconds: pollMs / 1000 }, 'codex.exec.autopoll.on')
  while (!signal.aborted) {
    try {
      await tick(options, signal)
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'codex.exec.autopoll.fail')
    }
    await clock.sleep(pollMs, signal).catch(() => undefined)
  }
  logger.info('codex.exec.autopoll.off')
}

async function tick(options: AutopollOptions, signal: AbortSignal): Promise<void> {
  const { runs, logger } = options
  let declined = ''
  const outcome = await runs.launchIfIdle(async () => {
    declined = (await reasonToWait(options, signal)) ?? ''
    return declined === '' ? options.prepare() : null
  })
  if (outcome.kind === 'launched') {
    const { agent, requestId, logPath } = outcome.run
    logger.info({ request_id: requestId, pid: agent.pid, log_path: logPath }, 'codex.exec.autopoll.launch')
  } else {
    const reasons = { busy: 'another launch is in progress', live: 'an agent is running', declined }
    logger.info({ reason: reasons[outcome.kind] }, 'codex.exec.autopoll.skip')
  }
}

/** Why nothing is launched though nothing runs; null where it may be. */
async function reasonToWait(options: AutopollOptions, signal: AbortSignal): Promise<string | null> {
  const { ledger, clock, pollMs, staleMs, maxRunsPerHour, logDir } = options
  const now = clock.now()
  if (staleMs > 0 && now - (await newestRunLog(logDir)) < staleMs) {
    return 'the newest run log changed a short while ago'
  }
  const latest = ledger.list({ limit: LOOK_BACK })
  const [last] = latest
  const limited = last ? options.limitedUntil(last) : null
  if (limited !== null && now < limited)
    return `the usage limit lasts until ${new Date(limited).toISOString()}`
  // A run at the limit says nothing of the prompt: it neither counts as a failure nor ends a row of them.
  const telling = latest.filter((run) => options.limitedUntil(run) === null)
  const backoff = backoffOf(telling, now, pollMs)
  switch (backoff.kind) {
    case 'wait':
      return `${backoff.failures} runs in a row failed; the next is due at ${new Date(backoff.until).toISOString()}`
    case 'pause':
      await tellPause(backoff.failures, backoff.lastRunId, options, signal)
      return `paused: ${backoff.failures} runs in a row failed; POST /run resumes`
    case 'go':
  }
  if (ledger.launchedSince('autopoll', now - HOUR_MS) >= maxRunsPerHour) {
    return `it launched ${maxRunsPerHour} runs within an hour (LOOPER_AUTO_MAX_RUNS_PER_HOUR)`
  }
  return null
}

/** Says once for each pause, also across restarts, in the log and as a notice. */
async function tellPause(
  failures: number,
  lastRunId: string,
  { ledger, notify, logger }: AutopollOptions,
  signal: AbortSignal,
): Promise<void> {
  if (ledger.note(TOLD) === lastRunId) return
  ledger.setNote(TOLD, lastRunId)
  const message = `Looper's autopoll pauses: ${failures} runs in a row failed or ended at once. POST /run resumes it.`
  logger.error({ failures, run_id: lastRunId }, 'codex.exec.autopoll.pause')
  await notify(message, signal).catch((error: unknown) => {
    logger.error({ error: messageOf(error) }, 'codex.exec.autopoll.notice.fail')
  })
}

/** When a run log was last written, in milliseconds since the epoch; 0 where there is none. */
async function newestRunLog(dir: string): Promise<number> {
  const names = (await readdir(dir)).filter(isRunLogName)
  const times = await Promise.all(names.map(async (name) => (await stat(path.join(dir, name))).mtimeMs))
  return Math.max(0, ...times)
}
