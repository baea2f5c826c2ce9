import { closeSync, fstatSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { openPlain } from '../base/plain-file.ts'
import { wholeCharacters } from '../base/whole-characters.ts'
import { anywhere, type PlaceToCut } from './redact.ts'

/** What mirroring a log needs. */
export interface MirrorOptions {
  readonly path: string
  /** The byte to begin at. */
  readonly from: number
  /** Takes whole lines, each chunk ending in a newline. Returns false where it keeps the bytes, and they must not change. */
  readonly write: (lines: Buffer) => boolean
  /** Where lines too long to be handed on whole are cut, and what is several lines long is not. */
  readonly placeToCut?: PlaceToCut
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
const CHUNK_BYTES = 65_536
/** A longer line is mirrored in pieces, so that memory stays flat. */
const MAX_LINE_BYTES = 65_536
const BUFFER_BYTES = MAX_LINE_BYTES + CHUNK_BYTES

/**
 * Follows a growing file by offset and hands on its lines, whole ones only, until it is complete; from its begin again
 * where somebody cut it off. Resolves with the offset behind the last byte handed on.
 * @throws {Error} where there is no such file, or it cannot be opened up to its completion
 */
export async function mirrorLog(options: MirrorOptions): Promise<number> {
  const fd = await openPatiently(options)
  if (fd === null) throw new Error('the log was removed or replaced')
  try {
    return await follow(fd, options)
  } finally {
    closeSync(fd)
  }
}

/** Tries again while it fails, for want of descriptors for instance, and the log is not complete. */
async function openPatiently({ path, clock, complete }: MirrorOptions): Promise<number | null> {
  for (;;) {
    const isComplete = complete.aborted
    try {
      return openPlain(path)
    } catch (error) {
      if (isComplete) throw error
      await clock.sleep(LONGEST_POLL_MS, complete).catch(() => undefined)
    }
  }
}

async function follow(
  fd: number,
  { from, write, placeToCut = anywhere, mirrored, clock, complete }: MirrorOptions,
): Promise<number> {
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  /** The bytes of the buffer that belong to a line whose end is not there yet. */
  let held = 0
  let position = from
  let told = from
  let stopAt = Number.POSITIVE_INFINITY
  let pollMs = SHORTEST_POLL_MS
  let began = clock.monotonic()
  const tell = (atLeast: number) => {
    const handedOn = position - held
    if (handedOn - told < atLeast) return false
    told = handedOn
    mirrored?.(told)
    return true
  }
  /** Hands on the first bytes of the buffer, and moves the others to its begin. */
  const handOn = (end: number, filled: number) => {
    held = filled - end
    if (write(buffer.subarray(0, end))) {
      buffer.copyWithin(0, end, filled)
      return
    }
    const kept = buffer
    buffer = Buffer.allocUnsafe(BUFFER_BYTES)
    kept.copy(buffer, 0, end, filled)
  }
  for (;;) {
    // Asked before reading: what was written before completion is then surely read.
    const isComplete = complete.aborted
    // What outlived the run may write on and on.
    if (isComplete) stopAt = Math.min(stopAt, fstatSync(fd).size)
    // Not asynchronously: what was just written comes from memory, and such reads leave much garbage behind.
    const bytesRead = readSync(
      fd,
      buffer,
      held,
      Math.min(CHUNK_BYTES, Math.max(0, stopAt - position)),
      position,
    )
    if (bytesRead > 0) {
      position += bytesRead
      const filled = held + bytesRead
      const end = lastLineEnd(buffer.subarray(0, filled), placeToCut)
      if (end > 0) handOn(end, filled)
      else held = filled
      if (held > MAX_LINE_BYTES) {
        const whole = wholeCharacters(buffer.subarray(0, placeToCut(buffer.subarray(0, held), held)))
        // What is longer than any line cannot be waited for.
        const piece = held - whole > MAX_LINE_BYTES ? held : whole
        write(lineOf(buffer.subarray(0, piece)))
        buffer.copyWithin(0, piece, held)
        held -= piece
      }
      pollMs = SHORTEST_POLL_MS
      if (tell(TELL_BYTES)) {
        // Whoever writes so much needs the processor: it is left alone for twice as long as this took.
        const tookMs = clock.monotonic() - began
        if (isComplete) await setImmediate()
        else await clock.sleep(2 * tookMs, complete).catch(() => undefined)
        began = clock.monotonic()
      }
    } else if (fstatSync(fd).size < position) {
      // Emptied under whoever writes it: what comes is new, and what was held has no end any more.
      if (held > 0) write(lineOf(buffer.subarray(0, held)))
      held = position = told = 0
    } else if (isComplete) {
      if (held > 0) write(lineOf(buffer.subarray(0, held)))
      return position
    } else {
      tell(1)
      await clock.sleep(pollMs, complete).catch(() => undefined)
      pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS)
      began = clock.monotonic()
    }
  }
}

/** The place behind the last line that can be cut off; 0 where there is none. */
function lastLineEnd(bytes: Buffer, placeToCut: PlaceToCut): number {
  let end = bytes.lastIndexOf(NEWLINE) + 1
  for (let place = placeToCut(bytes, end); place < end; place = placeToCut(bytes, end)) {
    end = bytes.subarray(0, place).lastIndexOf(NEWLINE) + 1
  }
  return end
}

/** A copy, with an end. */
const lineOf = (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(NEWLINE)])
