import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { keepLooking } from '../../base/keep-looking.ts'
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
export async function keepTime(
  { schedule, changed, runs, clock, logger }: KeepTimeDeps,
  signal: AbortSignal,
): Promise<void> {
  function look(): number | null {
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
  }

  const failed = (error: unknown) => logger.error({ error: messageOf(error) }, 'schedule.fail')
  await keepLooking({ look, changed, failed, againMs: RETRY_MS, clock }, signal)
}
