import type { ErrorKind } from '../base/error-kinds.ts'

/** There is no such ask. */
export const ASK_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_ASK_NOT_FOUND',
  status: 404,
  when: 'No ask has this id, or it was settled long ago.',
  remedy: 'GET /asks lists the asks.',
}

/** Somebody was faster, or the time was over. */
export const ASK_SETTLED: ErrorKind = {
  code: 'LOOPER_ASK_SETTLED',
  status: 409,
  when: 'The ask was answered already, its deadline has passed, or its run has ended.',
  remedy: 'Nothing is left to do; GET /asks/<ask_id> tells what became of it.',
}

/** Another question was seen than the one that is asked. */
export const ASK_CHANGED: ErrorKind = {
  code: 'LOOPER_ASK_CHANGED',
  status: 409,
  when: 'The digest in the answer is not that of the ask: another question was read.',
  remedy: 'Read the ask again with GET /asks/<ask_id>, and answer with its digest.',
}
