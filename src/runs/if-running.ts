import { LooperError } from '../base/errors.ts'
import { isShortage } from '../base/plain-file.ts'
import type { IfRunning } from './run.ts'

/**
 * What each way means where the slot is taken, or something waits for it; where it is free, every request begins at once. All
 * that ask for runs use these.
 */
export const IF_RUNNING_MEANINGS: Readonly<Record<IfRunning, string>> = {
  replace: 'stop what runs, then launch',
  skip: 'do nothing',
  queue: 'wait until the slot is free, behind what waits already',
  coalesce: 'wait like queue, in the place of an earlier run that waits like that',
  resume: "stop the agent politely, and go on in its session with this request's prompt",
}

/** Whether a request waits where it cannot begin. */
export const mayWait = (ifRunning: IfRunning): ifRunning is 'queue' | 'coalesce' =>
  ifRunning === 'queue' || ifRunning === 'coalesce'

/** Failures that may be over a little later: a run that waits then goes on waiting. */
const PASSING: readonly string[] = [
  'LOOPER_SHUTTING_DOWN',
  'LOOPER_BUSY',
  'LOOPER_MAX_RUNS',
  'LOOPER_WORKSPACE_BUSY',
  'LOOPER_AGENT_HELD',
  'LOOPER_BUDGET_SPENT',
  'LOOPER_NOTICE_FAILED',
  'LOOPER_STOP_FAILED',
  'LOOPER_DISK_FULL',
  'LOOPER_LOG_UNWRITABLE',
  'LOOPER_LEDGER_UNWRITABLE',
]

/** Whether a run that waits may begin a little later, though it cannot begin now. */
export const isPassing = (error: unknown): boolean =>
  isShortage(error) || (error instanceof LooperError && PASSING.includes(error.code))
