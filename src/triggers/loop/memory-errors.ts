import type { ErrorKind } from '../../base/error-kinds.ts'

/** There is no room for it. */
export const MEMORY_TOO_LARGE: ErrorKind = {
  code: 'LOOPER_LOOP_MEMORY_TOO_LARGE',
  status: 413,
  when: 'A memory of a loop would have more than 65,536 bytes.',
  remedy: 'Shorten it: say what still matters, and forget the rest.',
}

/** What stands at its path is not a file that can be written. */
export const MEMORY_UNUSABLE: ErrorKind = {
  code: 'LOOPER_LOOP_MEMORY_UNUSABLE',
  status: 409,
  when: 'A memory of a loop is a link, a directory or the like, or its file cannot be read or written.',
  remedy: 'Put a plain file in its place that the service may read and write, or remove what stands there.',
}

/** There is none of this id. */
export const MEMORY_VERSION_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_LOOP_MEMORY_VERSION_NOT_FOUND',
  status: 404,
  when: 'No version of this id is on the record of this loop; of each memory the newest 2,000 are.',
  remedy: 'List the versions of the memory.',
}
