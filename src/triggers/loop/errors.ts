import type { ErrorKind } from '../../base/error-kinds.ts'

/** Nobody has made such a loop. */
export const LOOP_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_LOOP_NOT_FOUND',
  status: 404,
  when: 'There is no loop of this name.',
  remedy: 'GET /loops lists the loops; POST /loops/<name> makes one.',
}

/** It is not at work, so nothing of it can be paused, resumed or skipped. */
export const LOOP_NOT_RUNNING: ErrorKind = {
  code: 'LOOPER_LOOP_NOT_RUNNING',
  status: 409,
  when: 'The loop is not at work (any more), so it cannot be paused or resumed, and has no wait to be skipped.',
  remedy: 'GET /loops/<name> tells its state and why; POST /loops/<name>/start begins it anew.',
}
