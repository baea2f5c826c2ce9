import type { ErrorKind } from '../base/error-kinds.ts'

/** The name is another run's. */
export const CLAIM_HELD: ErrorKind = {
  code: 'LOOPER_CLAIM_HELD',
  status: 409,
  when: 'Another run that lives holds the name.',
  remedy: 'Do something else, or ask again when that run has ended; GET /claims lists what is held.',
}

/** It has too many already. */
export const TOO_MANY_CLAIMS: ErrorKind = {
  code: 'LOOPER_CLAIMS_LIMIT',
  status: 409,
  when: 'The run holds as many names as a run may.',
  remedy: 'Release what is done.',
}
