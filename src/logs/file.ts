import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { LooperError } from '../base/errors.ts'
import { isNotPlain, PLAIN } from '../base/plain-file.ts'

/** A log that is open for reading. Whoever opened it closes it. */
export interface OpenLog {
  readonly file: FileHandle
  /** Its bytes when it was opened. */
  readonly size: number
}

const CHUNK_BYTES = 65_536
const NEWLINE = 10

/**
 * Opens a run's log for reading. A link or a pipe in its place is never followed or waited for.
 * @throws {LooperError} `LOOPER_LOG_NOT_FOUND`
 */
export async function openLog(path: string): Promise<OpenLog> {
  const file = await open(path, constants.O_RDONLY | PLAIN).catch((error: unknown) => {
    throw isNotPlain(error) ? logNotFound() : error
  })
  const stats = await file.stat()
  if (stats.isFile()) return { file, size: stats.size }
  await file.close()
  throw logNotFound()
}

/** Says that there is no log to read. */
export function logNotFound(): LooperError {
  return new LooperError('LOOPER_LOG_NOT_FOUND', 'the run has no log, or it was removed')
}

/** Exactly these bytes, `end` not among them, as a stream that closes the file; it fails where they are not there any more. */
export function readSlice(file: FileHandle, first: number, end: number): Readable {
  let position = first
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const wanted = Math.min(CHUNK_BYTES, end - position)
      if (wanted === 0) {
        this.push(null)
        return
      }
      file
        .read(Buffer.allocUnsafe(wanted), 0, wanted, position)
        .then(({ buffer, bytesRead }) => {
          if (bytesRead === 0) throw new Error('the log became shorter while it was read')
          position += bytesRead
          this.push(buffer.subarray(0, bytesRead))
        })
        .catch((error: Error) => this.destroy(error))
    },
    destroy(error, callback) {
      file.close().then(() => callback(error), callback)
    },
  })
}

/** Where the last lines begin; the last one may be without its newline. */
export async function tailStart({ file, size }: OpenLog, lines: number): Promise<number> {
  if (lines === 0) return size
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let left = lines
  // The very last byte never parts two lines.
  for (let end = size - 1; end > 0; end -= CHUNK_BYTES) {
    const begin = Math.max(0, end - CHUNK_BYTES)
    await file.read(chunk, 0, end - begin, begin)
    for (let at = end - begin - 1; at >= 0; at--) {
      if (chunk[at] === NEWLINE && --left === 0) return begin + at + 1
    }
  }
  return 0
}
