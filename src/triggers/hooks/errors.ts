import type { ErrorKind } from '../../base/error-kinds.ts'

/** A payload does not fit its template. */
export const HOOK_PAYLOAD: ErrorKind = {
  code: 'LOOPER_HOOK_PAYLOAD',
  status: 422,
  when: 'A value of the payload cannot be used where the template inserts it.',
  remedy: 'Correct the template in LOOPER_HOOKS_FILE, or the payload.',
}

/** The owner's file, or what it names, is wrong. */
export const HOOKS_UNUSABLE: ErrorKind = {
  code: 'LOOPER_HOOKS_UNUSABLE',
  status: 500,
  when: 'The hooks file is missing or wrong, or a secret is not set.',
  remedy: 'Correct LOOPER_HOOKS_FILE; the server log says what is wrong with it.',
}
