import type { ErrorKind } from '../../base/error-kinds.ts'

/** So many wait already, or the chain is too long. */
export const SCHEDULE_LIMIT: ErrorKind = {
  code: 'LOOPER_SCHEDULE_LIMIT',
  status: 409,
  when: 'So many runs are scheduled already as may be, or each of so many was scheduled by the one before.',
  remedy:
    'Cancel one (GET /scheduled lists them), or raise LOOPER_SCHEDULE_MAX_WAITING, LOOPER_SCHEDULE_MAX_PER_SLOT or LOOPER_SCHEDULE_MAX_DEPTH and restart Looper.',
}

/** There is none of this id that waits. */
export const SCHEDULED_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_SCHEDULED_NOT_FOUND',
  status: 404,
  when: 'No scheduled run of this id waits (any more): it has begun to wait for its slot, or was cancelled.',
  remedy:
    'GET /scheduled lists those that wait for their time; POST /runs/<run_id>/stop cancels one that waits for its slot.',
}
