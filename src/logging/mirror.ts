import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { wholeCharacters } from '../whole-characters.ts'

/** What mirroring a log needs. */
export interface MirrorOptions {
  readonly path: string
  /** The byte to begin at. */
  readonly from: number
  /** Takes whole lines, each chunk ending in a newline. */
  readonly write: (lines: Buffer) => void
  readonly clock: Clock
  /** Is told the offset behind what was handed on, whenever it caught up, and every mebibyte. */
  readonly mirrored?: (offset: number) => void
  /** Aborted when the log is complete: what is there is still mirrored, then it ends. */
  readonly complete: AbortSignal
}

const NEWLINE = 10
/** How soon a log that grew is looked at again; one that is quiet is looked at less and less often. */
const SHORTEST_POLL_MS = 200
const LONGEST_POLL_MS = 1000
const TELL_BYTES = 1_048_576
const CHUNK_BYTES = 131_072
/** A longer line is mirrored in pieces, so that memory stays flat. */
const MAX_LINE_BYTES = 65_536

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
  /** What is there of a line whose end is not. */
  let pending = Buffer.alloc(0)
  let position = from
  let told = from
  let pollMs = SHORTEST_POLL_MS
  const tell = (atLeast: number) => {
    const handedOn = position - pending.length
    if (handedOn - told < atLeast) return
    told = handedOn
    mirrored?.(told)
  }
  for (;;) {
    // Asked before reading: what was written before completion is then surely read.
    const isComplete = complete.aborted
    // A new one each time: whoever takes lines may keep them.
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    if (bytesRead > 0) {
      position += bytesRead
      const read = buffer.subarray(0, bytesRead)
      const bytes = pending.length === 0 ? read : Buffer.concat([pending, read])
      const end = bytes.lastIndexOf(NEWLINE) + 1
      if (end > 0) write(bytes.subarray(0, end))
      pending = bytes.subarray(end)
      if (pending.length > MAX_LINE_BYTES) {
        const piece = wholeCharacters(pending)
        write(lineOf(pending.subarray(0, piece)))
        pending = pending.subarray(piece)
      }
      tell(TELL_BYTES)
      pollMs = SHORTEST_POLL_MS
    } else if (isComplete) {
      if (pending.length > 0) write(lineOf(pending))
      return position
    } else {
      tell(1)
      await clock.sleep(pollMs, complete).catch(() => undefined)
      pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS)
    }
  }
}

const lineOf = (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(NEWLINE)])
