import type { ErrorKind } from '../base/error-kinds.ts'

/** There is none of this id. */
export const REPORT_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_REPORT_NOT_FOUND',
  status: 404,
  when: 'There is no report of this id, or its run was removed.',
  remedy: 'GET /runs/<run_id>/reports lists the reports of a run.',
}

/** The run has too many already. */
export const TOO_MANY_REPORTS: ErrorKind = {
  code: 'LOOPER_REPORTS_LIMIT',
  status: 409,
  when: 'The run has as many reports as a run may.',
  remedy: 'Write into one of them: the same title replaces what it says.',
}

/** There is none of this id. */
export const FLAG_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_FLAG_NOT_FOUND',
  status: 404,
  when: 'There is no flag of this id, or its run was removed.',
  remedy: 'GET /flags lists the flags.',
}

/** The run has too many already. */
export const TOO_MANY_FLAGS: ErrorKind = {
  code: 'LOOPER_FLAGS_LIMIT',
  status: 409,
  when: 'So many flags of the run wait for somebody to look at them as may.',
  remedy: 'Go on; people clear flags when they have looked.',
}
