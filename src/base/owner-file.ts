import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from './errors.ts'

/** More than any such file has: the largest prompt fits, also in UTF-16. */
const MOST_BYTES = 4_194_304

/**
 * The text of a file that an owner wrote: UTF-8, or UTF-16 as some editors save it, without its byte order mark. Never
 * waits for whoever writes a pipe.
 * @param mostBytes what it may have at most
 * @throws {Error} of Node's, with its code, where the file is not there (`ENOENT`), a directory (`EISDIR`) or closed
 * @throws {Error} naming the file, where a link leads nowhere, or what is there is a pipe, too large, or no text
 */
export function readOwnerFile(file: string, mostBytes = MOST_BYTES): string {
  const fd = open(file)
  try {
    const stats = fstatSync(fd)
    if (stats.isFIFO()) throw new Error(`${file} is a pipe, which can be read only once; name a file`)
    // Node's own error does not say which one.
    if (stats.isDirectory())
      throw Object.assign(new Error(`EISDIR: ${file} is a directory`), { code: 'EISDIR' })
    return decode(readAll(fd, file, mostBytes), file)
  } finally {
    closeSync(fd)
  }
}

function open(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const isLink = errnoOf(error) === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false }) !== undefined
    throw isLink ? new Error(`${file} is a broken symbolic link`, { cause: error }) : error
  }
}

function readAll(fd: number, file: string, mostBytes: number): Buffer {
  // What is not on a disk tells no size.
  const chunks: Buffer[] = []
  for (let bytes = 0; bytes <= mostBytes; ) {
    const chunk = Buffer.allocUnsafe(65_536)
    const read = readSync(fd, chunk)
    if (read === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, read))
    bytes += read
  }
  throw new Error(`${file} is larger than ${mostBytes / 1_048_576} MiB; is it the right file?`)
}

function decode(bytes: Buffer, file: string): string {
  const begin = bytes.toString('latin1', 0, 4)
  try {
    if (begin.startsWith('\xff\xfe')) return decodeUtf16(bytes)
    // The decoder knows of the other order only where Node has all of ICU.
    if (begin.startsWith('\xfe\xff')) return decodeUtf16(bytes.swap16())
    // Not what is UTF-16 without a mark: it would pass for text with NUL between the letters.
    if (!/^([\s\S]\0[\s\S]\0|\0[\s\S]\0[\s\S])/.test(begin))
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // It says that its data are not valid; of which file is said below.
  }
  throw new Error(`${file} is not UTF-8 text; save it in that encoding`)
}

function decodeUtf16(bytes: Buffer): string {
  const text = new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
  if (text.includes('\0')) throw new TypeError('UTF-32, perhaps')
  return text
}
