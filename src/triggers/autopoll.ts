import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { LaunchRequest } from '../runs/run.ts'
import { isRunLogName } from '../runs/run-log.ts'
import type { Runs } from '../runs/runs.ts'

/** What the autopoll needs. */
export interface AutopollOptions {
  readonly runs: Runs
  /** The default run, checked anew at every launch. */
  readonly prepare: () => Promise<LaunchRequest>
  readonly pollMs: number
  /** Above 0: no launch while the newest run log changed within it. */
  readonly staleMs: number
  readonly logDir: string
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Launches the default run whenever nothing runs: now, and then every `pollMs`, until the signal aborts. Never rejects:
 * a launch that fails is logged, and the next tick tries again.
 */
export async function autopoll(options: AutopollOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, pollMs } = options
  logger.info({ poll_seconds: pollMs / 1000 }, 'codex.exec.autopoll.on')
  while (!signal.aborted) {
    try {
      await tick(options)
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'codex.exec.autopoll.fail')
    }
    await clock.sleep(pollMs, signal).catch(() => undefined)
  }
  logger.info('codex.exec.autopoll.off')
}

async function tick({ runs, prepare, staleMs, logDir, clock, logger }: AutopollOptions): Promise<void> {
  const outcome = await runs.launchIfIdle(async () => {
    if (staleMs > 0 && clock.now() - (await newestRunLog(logDir)) < staleMs) return null
    return prepare()
  })
  if (outcome.kind === 'launched') {
    const { agent, requestId, logPath } = outcome.run
    logger.info({ request_id: requestId, pid: agent.pid, log_path: logPath }, 'codex.exec.autopoll.launch')
  } else {
    logger.info({ reason: REASONS[outcome.kind] }, 'codex.exec.autopoll.skip')
  }
}

const REASONS = {
  busy: 'another launch is in progress',
  live: 'an agent is running',
  declined: 'the newest run log changed a short while ago',
}

/** When a run log was last written, in milliseconds since the epoch; 0 where there is none. */
async function newestRunLog(dir: string): Promise<number> {
  const names = (await readdir(dir)).filter(isRunLogName)
  const times = await Promise.all(names.map(async (name) => (await stat(path.join(dir, name))).mtimeMs))
  return Math.max(0, ...times)
}
