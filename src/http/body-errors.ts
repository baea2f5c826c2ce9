/** What may be wrong with the body of a request, wherever one is taken. */
export const BODY_ERRORS = [
  'LOOPER_BODY_INVALID',
  'LOOPER_BODY_TOO_LARGE',
  'LOOPER_MEDIA_TYPE',
  'LOOPER_REQUEST_TIMEOUT',
] as const
