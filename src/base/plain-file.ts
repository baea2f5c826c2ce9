import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { errnoOf } from './errors.ts'

/**
 * Flags beside any way of opening: a link is not followed, and nothing is waited for, where something else than a plain
 * file stands at a path that agents can write to.
 */
export const PLAIN = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** What open(2) says where there is no plain file: nothing, a link, a socket or a pipe, a directory. */
const NOT_THERE: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR']
const SHORTAGES: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']

/** Whether an error says that no plain file is there. */
export const isNotPlain = (error: unknown): boolean => NOT_THERE.includes(errnoOf(error))

/** Whether an error says nothing of a file, only that there are no descriptors, or no memory, at the moment. */
export const isShortage = (error: unknown): boolean => SHORTAGES.includes(errnoOf(error))

/**
 * Opens a plain file without ever waiting; null where there is none, or something else stands in its place. Whoever
 * opened it closes it. @throws {Error} of Node's where nobody can say: no descriptors, no permission, a broken disk
 */
export function openPlain(path: string, flags: number = constants.O_RDONLY): number | null {
  let fd: number
  try {
    fd = openSync(path, flags | PLAIN)
  } catch (error) {
    if (isNotPlain(error)) return null
    throw error
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  return null
}

/**
 * The text of a plain file, like {@link openPlain}: so many bytes of its begin, or of its end. Agents may have made it as
 * large as they like.
 */
export function readPlain(path: string, mostBytes: number, part: 'begin' | 'end' = 'begin'): string | null {
  const fd = openPlain(path)
  if (fd === null) return null
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, mostBytes))
    const start = part === 'begin' ? 0 : size - buffer.length
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start))
  } finally {
    closeSync(fd)
  }
}

/** The bytes of a plain file, like {@link openPlain}. */
export const plainSize = (path: string): number | null => plainStats(path)?.size ?? null

/** What is known of a plain file, like {@link openPlain}. */
export function plainStats(path: string): Stats | null {
  try {
    const stats = lstatSync(path)
    return stats.isFile() ? stats : null
  } catch (error) {
    if (isNotPlain(error)) return null
    throw error
  }
}

/** Removes a file that nobody needs any more; one that cannot be removed stays. Never throws. */
export function discard(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Whoever is done must not be taken for one that failed.
  }
}
