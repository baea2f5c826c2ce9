import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Notify } from '../notices/notice.ts'
import type { Ledger, ListedRun } from '../runs/ledger.ts'
import type { LaunchRequest } from '../runs/run.ts'
import { isRunLogName } from '../runs/run-log.ts'
import { OBSTACLES, type Obstacle, type Runs } from '../runs/runs.ts'
import { backoffOf } from './backoff.ts'

/** What the autopoll needs. */
export interface AutopollOptions {
  readonly runs: Pick<Runs, 'launchIfIdle' | 'occupation'>
  readonly ledger: Pick<Ledger, 'list' | 'launchedSince' | 'note' | 'setNote'>
  /** The default run, checked anew at every launch. */
  readonly prepare: () => Promise<LaunchRequest>
  /** When a run that ended at a usage limit may succeed again, in milliseconds since the epoch; null: it did not. */
  readonly limitedUntil: (run: ListedRun) => number | null
  readonly notify: Notify
  readonly pollMs: number
  /** Above 0: no launch while the newest run log changed within it. */
  readonly staleMs: number
  readonly maxRunsPerHour: number
  readonly logDir: string
  readonly clock: Clock
  readonly logger: Logger
  /** Is told of every tick that launched nothing. */
  readonly skipped: (kind: SkipKind) => void
}

/** Why a tick launches nothing. */
export const SKIP_KINDS = ['busy', 'live', 'fresh_log', 'usage_limit', 'backoff', 'paused', 'rate'] as const
/** Why a tick launches nothing. */
export type SkipKind = (typeof SKIP_KINDS)[number]

/** Why a tick launches nothing, and the sentence that says so. */
export type Skip =
  | { readonly kind: Exclude<SkipKind, 'paused'>; readonly reason: string }
  | {
      readonly kind: 'paused'
      readonly reason: string
      readonly failures: number
      readonly lastRunId: string
    }

/** What the autopoll is up to. */
export interface AutopollStatus {
  /** When it looks next, in milliseconds since the epoch. */
  readonly nextAt: number
  /** Why it would launch nothing if it looked now; null where it would launch. */
  readonly wouldSkip: Skip | null
  /** Why its last look could not launch what it wanted to; null where it could, or did not want to. */
  readonly failure: string | null
}

/** Launches the default run whenever nothing runs. */
export interface Autopoll {
  /**
   * Looks now, and then every `pollMs`, until the signal aborts. Runs that fail or end at once make it wait longer and
   * longer, and then pause. Never rejects: a launch that fails is logged.
   */
  run(signal: AbortSignal): Promise<void>
  status(): Promise<AutopollStatus>
}

const HOUR_MS = 3_600_000
/** More than any row of failures with neutral runs between them. */
const LOOK_BACK = 30
/** Under this note stands the run after which a pause was told. */
const TOLD = 'autopoll.paused_after'

const skipOf = (kind: Obstacle): Skip => ({ kind, reason: OBSTACLES[kind] })

/** An autopoll that has not begun. */
export function createAutopoll(options: AutopollOptions): Autopoll {
  const { clock, logger, pollMs, runs } = options
  let nextAt = clock.now()
  let failure: string | null = null
  return {
    async run(signal) {
      logger.info({ poll_seconds: pollMs / 1000 }, 'codex.exec.autopoll.on')
      while (!signal.aborted) {
        nextAt = clock.now() + pollMs
        try {
          await tick(options, signal)
          failure = null
        } catch (error) {
          failure = messageOf(error)
          logger.error({ error: failure }, 'codex.exec.autopoll.fail')
        }
        await clock.sleep(pollMs, signal).catch(() => undefined)
      }
      logger.info('codex.exec.autopoll.off')
    },

    async status() {
      const { obstacle } = await runs.occupation()
      return { nextAt, failure, wouldSkip: obstacle ? skipOf(obstacle) : await reasonToWait(options) }
    },
  }
}

async function tick(options: AutopollOptions, signal: AbortSignal): Promise<void> {
  const { runs, logger, skipped } = options
  const declined: Skip[] = []
  const outcome = await runs.launchIfIdle(async () => {
    const skip = await reasonToWait(options)
    if (!skip) return options.prepare()
    declined.push(skip)
    if (skip.kind === 'paused') await tellPause(skip, options, signal)
    return null
  })
  if (outcome.kind === 'launched') {
    const { agent, requestId, logPath } = outcome.run
    logger.info({ request_id: requestId, pid: agent.pid, log_path: logPath }, 'codex.exec.autopoll.launch')
    return
  }
  for (const { kind, reason } of outcome.kind === 'declined' ? declined : [skipOf(outcome.kind)]) {
    logger.info({ reason }, 'codex.exec.autopoll.skip')
    skipped(kind)
  }
}

/** Why nothing is launched though nothing runs; null where it may be. */
async function reasonToWait(options: AutopollOptions): Promise<Skip | null> {
  const { ledger, clock, pollMs, staleMs, maxRunsPerHour, logDir } = options
  const now = clock.now()
  if (staleMs > 0 && now - (await newestRunLog(logDir)) < staleMs) {
    return { kind: 'fresh_log', reason: 'the newest run log changed a short while ago' }
  }
  const latest = ledger.list({ limit: LOOK_BACK })
  const [last] = latest
  const limited = last ? options.limitedUntil(last) : null
  if (limited !== null && now < limited) {
    return { kind: 'usage_limit', reason: `the usage limit lasts until ${new Date(limited).toISOString()}` }
  }
  // A run at the limit says nothing of the prompt: it neither counts as a failure nor ends a row of them.
  const telling = latest.filter((run) => options.limitedUntil(run) === null)
  const backoff = backoffOf(telling, now, pollMs)
  switch (backoff.kind) {
    case 'wait': {
      const due = new Date(backoff.until).toISOString()
      return {
        kind: 'backoff',
        reason: `${backoff.failures} runs in a row failed; the next is due at ${due}`,
      }
    }
    case 'pause':
      return {
        ...backoff,
        kind: 'paused',
        reason: `paused: ${backoff.failures} runs in a row failed; POST /run resumes`,
      }
    case 'go':
  }
  if (ledger.launchedSince('autopoll', now - HOUR_MS) < maxRunsPerHour) return null
  return {
    kind: 'rate',
    reason: `it launched ${maxRunsPerHour} runs within an hour (LOOPER_AUTO_MAX_RUNS_PER_HOUR)`,
  }
}

/** Says once for each pause, also across restarts, in the log and as a notice. */
async function tellPause(
  { failures, lastRunId }: Extract<Skip, { kind: 'paused' }>,
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
  const timeOf = (name: string) =>
    lstat(path.join(dir, name)).then(
      // A link, or what else may bear such a name, is nobody's run log.
      (stats) => (stats.isFile() ? stats.mtimeMs : 0),
      // It was removed since.
      () => 0,
    )
  const times = await Promise.all(names.map(timeOf))
  return Math.max(0, ...times)
}
