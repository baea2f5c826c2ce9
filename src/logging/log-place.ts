import { fstatSync, lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'

/** A path that the server log cannot have, as it is. Only its owner can mend that. */
export class LogPlaceError extends Error {}

/** What the server log finds at its path. */
export type LogPlace =
  | { readonly kind: 'free' }
  /** A link that the server log made: it leads into `<path>.d/`. */
  | { readonly kind: 'own-link' }
  | { readonly kind: 'plain-file'; readonly stats: Stats }
  /** A device, a pipe, or what this process has as its output: it is written to, and stays what it is. */
  | { readonly kind: 'stream'; readonly stats: Stats }

/** The directory that the files of the server log lie in. */
export const filesOf = (file: string): string => `${file}.d`

/**
 * Looks what stands at the path of the server log.
 * @throws {LogPlaceError} where it is neither to be replaced nor to be written to
 */
export function placeOf(file: string): LogPlace {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return { kind: 'free' }
  if (found.isFile()) return { kind: 'plain-file', stats: found }
  if (found.isSymbolicLink() && isOwnLink(file, filesOf(file))) return { kind: 'own-link' }
  const stats = found.isSymbolicLink() ? behind(file) : found
  if (stats && (stats.isCharacterDevice() || stats.isFIFO() || outputThatIs(stats) !== null))
    return { kind: 'stream', stats }
  throw new LogPlaceError(`${file} is ${nameOf(found)}, which stays as it is; name another path`)
}

/** Whether there is a link that leads right into the directory. */
export function isOwnLink(link: string, dir: string): boolean {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false
  return path.dirname(path.resolve(path.dirname(link), readlinkSync(link))) === dir
}

/** Which of standard output and error it is; null where it is neither. */
export function outputThatIs({ dev, ino }: Stats): number | null {
  const isSame = (fd: number) => {
    const own = fstatSync(fd)
    return own.dev === dev && own.ino === ino
  }
  return [1, 2].find(isSame) ?? null
}

/** What a link leads to; null where that is nothing. */
function behind(file: string): Stats | null {
  try {
    return statSync(file)
  } catch {
    return null
  }
}

function nameOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a link that Looper did not make'
  return found.isDirectory() ? 'a directory' : 'no file and nothing that takes lines'
}
