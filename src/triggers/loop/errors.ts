import type { ErrorKind } from '../../base/error-kinds.ts'

/** Nobody has made such a loop. */
export const LOOP_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_LOOP_NOT_FOUND',
  status: 404,
  when: 'There is no loop of this name.',
  remedy: 'GET /loops lists the loops; POST /loops/<name> makes one.',
}

/** What it is stands in the config file. */
export const LOOP_IN_FILE: ErrorKind = {
  code: 'LOOPER_LOOP_IN_FILE',
  status: 409,
  when: 'What the loop is stands in the config file, so that it is changed there alone.',
  remedy: 'Change it under `loops` in the config file, and restart the service; or take it out there.',
}

/** It does something by itself. */
export const LOOP_RUNNING: ErrorKind = {
  code: 'LOOPER_LOOP_RUNNING',
  status: 409,
  when: 'The loop is at work, so that it cannot be removed.',
  remedy: 'POST /loops/<name>/stop stops it; remove it then.',
}

/** It is not at work, so nothing of it can be paused, resumed or skipped. */
export const LOOP_NOT_RUNNING: ErrorKind = {
  code: 'LOOPER_LOOP_NOT_RUNNING',
  status: 409,
  when: 'The loop is not at work (any more), so it cannot be paused or resumed, and has no wait to be skipped.',
  remedy: 'GET /loops/<name> tells its state and why; POST /loops/<name>/start begins it anew.',
}

/** There is no checkpoint of that round, or none of that id. */
export const LOOP_CHECKPOINT_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_CHECKPOINT_NOT_FOUND',
  status: 404,
  when: 'The loop has no checkpoint of this round or of this id, it was made in another repository, or it is not kept any more.',
  remedy:
    'GET /loops/<name>/rounds tells the checkpoints of rounds; they are made where `checkpoints` of the loop is "on".',
}

/** Something works in the work tree that is to be restored. */
export const LOOP_WORK_TREE_BUSY: ErrorKind = {
  code: 'LOOPER_WORK_TREE_BUSY',
  status: 409,
  when: 'A round of the loop, or another run, works in the work tree that is to be restored.',
  remedy: 'Pause or stop the loop, wait for the end of the run, or stop it, and restore it then.',
}

/** Git says why. */
export const LOOP_RESTORE_FAILED: ErrorKind = {
  code: 'LOOPER_RESTORE_FAILED',
  status: 500,
  when: 'The files of the work tree could not be brought to what they were.',
  remedy:
    'Do what the error says; what was there before is the newest of `git for-each-ref refs/looper/loops/<name>`.',
}
