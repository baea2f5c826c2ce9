import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { PLAIN, plainSize } from '../base/plain-file.ts'

/** One look at a log. */
export interface TimeRecord {
  /** So many bytes were there. */
  readonly end: number
  /** In milliseconds since the epoch. */
  readonly at: number
}

/** All of the same length, so that each is found without reading those before it. */
export const RECORD_BYTES = 30
const RECORD = /^(\d{15}) (\d{13})\n$/
const POLL_MS = 500

/** Where the times of a log are noted. */
export const timesPathOf = (logPath: string): string => `${logPath}.times`

/** What a record tells; null where it is none. */
export function readRecord(bytes: Buffer): TimeRecord | null {
  const [, end, at] = RECORD.exec(bytes.toString('latin1')) ?? []
  return end === undefined ? null : { end: Number(end), at: Number(at) }
}

const textOf = ({ end, at }: TimeRecord) =>
  `${String(end).padStart(15, '0')} ${String(at).padStart(13, '0')}\n`

/**
 * Notes, beside a log, when how much of it was there, until it is complete: at most one record a look, appended at once, so
 * that a crash leaves out the last one at most. A log that was cut off is noted anew.
 * @throws {Error} where something else stands in the file's place, or it cannot be written
 */
export async function noteTimes(
  logPath: string,
  clock: Pick<Clock, 'now' | 'sleep'>,
  complete: AbortSignal,
): Promise<void> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | PLAIN
  const fd = openSync(timesPathOf(logPath), flags, 0o600)
  try {
    let noted = lastEnd(fd)
    for (;;) {
      // Asked before looking: what was written before completion is then surely noted.
      const isComplete = complete.aborted
      const size = plainSize(logPath) ?? noted
      if (size < noted) ftruncateSync(fd, 0)
      if (size !== noted) writeSync(fd, textOf({ end: size, at: clock.now() }))
      noted = size
      if (isComplete) return
      await clock.sleep(POLL_MS, complete).catch(() => undefined)
    }
  } finally {
    closeSync(fd)
  }
}

/** How far the last record came, 0 without one. What a crash left half is cut off. */
function lastEnd(fd: number): number {
  const stats = fstatSync(fd)
  if (!stats.isFile() || stats.nlink > 1) throw new Error('something else stands in the place of its times')
  const whole = stats.size - (stats.size % RECORD_BYTES)
  if (whole < stats.size) ftruncateSync(fd, whole)
  if (whole === 0) return 0
  const last = Buffer.alloc(RECORD_BYTES)
  readSync(fd, last, 0, RECORD_BYTES, whole - RECORD_BYTES)
  const record = readRecord(last)
  if (record) return record.end
  // Somebody else wrote it.
  ftruncateSync(fd, 0)
  return 0
}
