import { type FileHandle, open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../clock.ts'

/** What mirroring a log needs. */
export interface MirrorOptions {
  readonly path: string
  /** The byte to begin at. */
  readonly from: number
  /** Takes whole lines, each chunk ending in a newline. */
  readonly write: (text: string) => void
  readonly clock: Clock
  /** Is told the offset behind what was handed on, whenever it caught up, and every mebibyte. */
  readonly mirrored?: (offset: number) => void
  /** Aborted when the log is complete: what is there is still mirrored, then it ends. */
  readonly complete: AbortSignal
}

const NEWLINE = 10
const POLL_MS = 200
const TELL_BYTES = 1_048_576
const CHUNK_BYTES = 65_536
/** A longer line is mirrored in pieces, so that memory stays flat. */
const MAX_LINE_LENGTH = 65_536

/**
 * Follows a growing file by offset and hands on its lines, whole ones only, until it is complete. Resolves with the
 * offset behind the last byte handed on.
 */
export async function mirrorLog(options: MirrorOptions): Promise<number> {
  const file = await open(options.path, 'r')
  try {
    return await follow(file, options)
  } finally {
    await file.close()
  }
}

async function follow(
  file: FileHandle,
  { from, write, mirrored, clock, complete }: MirrorOptions,
): Promise<number> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  // Holds back the first bytes of a character whose rest is not there yet.
  const decoder = new StringDecoder('utf8')
  let pending = ''
  let position = from
  let handedOn = from
  let told = from
  const tell = (atLeast: number) => {
    if (handedOn - told < atLeast) return
    told = handedOn
    mirrored?.(told)
  }
  for (;;) {
    // Asked before reading: what was written before completion is then surely read.
    const isComplete = complete.aborted
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position)
    if (bytesRead > 0) {
      const bytes = chunk.subarray(0, bytesRead)
      const text = pending + decoder.write(bytes)
      const end = text.lastIndexOf('\n') + 1
      if (end > 0) {
        write(text.slice(0, end))
        handedOn = position + bytes.lastIndexOf(NEWLINE) + 1
      }
      position += bytesRead
      pending = text.slice(end)
      if (pending.length > MAX_LINE_LENGTH) {
        write(`${pending}\n`)
        pending = ''
        handedOn = position
      }
      tell(TELL_BYTES)
    } else if (isComplete) {
      const rest = pending + decoder.end()
      if (rest !== '') write(`${rest}\n`)
      return position
    } else {
      tell(1)
      await clock.sleep(POLL_MS, complete).catch(() => undefined)
    }
  }
}
