import type { ErrorKind } from '../../base/error-kinds.ts'

/** There is none to tell anything. */
export const AUTOPOLL_OFF: ErrorKind = {
  code: 'LOOPER_AUTOPOLL_OFF',
  status: 409,
  when: 'The autopoll is off, so it cannot be paused, resumed or launched.',
  remedy:
    'Set LOOPER_WORKSPACE and LOOPER_DEFAULT_PROMPT (or LOOPER_DEFAULT_PROMPT_FILE), leave LOOPER_AUTO_START_WHEN_IDLE on, and restart.',
}
