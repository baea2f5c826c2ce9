import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { sleepUnless } from '../../base/news.ts'
import type { Runs } from '../../runs/runs.ts'
import type { Schedule } from './schedule.ts'

/** What keeping the time needs. */
export interface KeepTimeDeps {
  readonly schedule: Pick<Schedule, 'waiting' | 'fire'>
  /** Resolves when something was scheduled or cancelled after this was called. */
  changed(): Promise<void>
  readonly runs: Pick<Runs, 'wake'>
  readonly clock: Clock
  readonly logger: Logger
}

/** The clock may be set meanwhile, and the machine may sleep. */
const LONGEST_MS = 30_000
const RETRY_MS = 1000

/** Lets runs begin to wait for their slots when their time has come, until the signal aborts. Never rejects. */
export async function keepTime(deps: KeepTimeDeps, signal: AbortSignal): Promise<void> {
  const { schedule, runs, clock, logger } = deps

  /** Resolves with how long to wait, null: until something is scheduled. */
  function look(): number | null {
    try {
      const now = clock.now()
      for (const { id, runId, slot, dueAt } of schedule.fire(now)) {
        logger.info(
          { id, run_id: runId, slot, late_seconds: Math.round((now - dueAt) / 1000) },
          'schedule.fire',
        )
        runs.wake()
      }
      const [next] = schedule.waiting()
      return next ? Math.min(LONGEST_MS, Math.max(0, next.dueAt - now)) : null
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'schedule.fail')
      return RETRY_MS
    }
  }

  while (!signal.aborted) {
    const changed = deps.changed()
    const ms = look()
    await sleepUnless(changed, ms, clock, signal)
  }
}
