import { type OpenLog, openLog } from './file.ts'
import { type IndexedLog, readAt } from './line-index.ts'
import { RECORD_BYTES, readRecord, timesPathOf } from './times-file.ts'

/** Lines of a log that were first seen at the same time. */
export interface LogTime {
  readonly from: number
  /** The last one of them. */
  readonly to: number
  /** In ISO 8601. */
  readonly time: string
}

/** When lines of a log were written. */
export interface LogTimes {
  readonly times: LogTime[]
  /** Whether times of this log are noted at all. */
  readonly noted: boolean
  /** Whether all lines are counted; the times of those that are not are not told yet. */
  readonly is_complete: boolean
}

/** Of which lines the times are wanted. */
export interface TimesWanted {
  readonly from: number
  readonly count: number
  /** Begin with the line that was being written then, in milliseconds since the epoch. Null: not asked for. */
  readonly since: number | null
}

/** So many records are read for one answer. */
const MOST_RECORDS = 2000

/**
 * When each of these lines was first seen, where that was noted. A clock that was set back is believed: what was written
 * since a time begins with the first look that was then or later.
 * @throws {LooperError} never for want of times
 */
export async function timesOf(
  log: IndexedLog,
  logPath: string,
  { from, count, since }: TimesWanted,
  isOver: () => boolean,
): Promise<LogTimes> {
  const times = await openLog(timesPathOf(logPath)).catch(() => null)
  if (times === null) return { times: [], noted: false, is_complete: true }
  try {
    const is_complete = await log.count(isOver)
    const begin = is_complete ? await log.offsetOf(from) : null
    if (begin === null || count === 0) return { times: [], noted: true, is_complete }
    const behind = await firstBehind(begin, times)
    const first = since === null ? behind : await firstSince(since, behind, times)
    const bytes = await readAt(times.file, first * RECORD_BYTES, MOST_RECORDS * RECORD_BYTES)
    const found: LogTime[] = []
    let next = since === null ? from : Math.max(from, await lineGoingOn(first, times))
    const end = next + count
    for (let at = 0; at < bytes.length && next < end; at += RECORD_BYTES) {
      const record = readRecord(bytes.subarray(at, at + RECORD_BYTES))
      if (record === null) break
      const behind = await lineBehind(Math.min(record.end, log.size))
      const to = Math.min(behind, end) - 1
      if (to >= next) found.push({ from: next, to, time: new Date(record.at).toISOString() })
      next = Math.max(next, behind)
    }
    return { times: found, noted: true, is_complete }
  } finally {
    await times.file.close()
  }

  /** The first record of a look that saw more than these bytes. */
  async function firstBehind(offset: number, { file, size }: OpenLog): Promise<number> {
    let low = 0
    for (let high = Math.floor(size / RECORD_BYTES); low < high; ) {
      const middle = Math.floor((low + high) / 2)
      const record = readRecord(await readAt(file, middle * RECORD_BYTES, RECORD_BYTES))
      if (Number(record?.end) > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The first record from this one on that is as late; the one behind the last where none is. */
  async function firstSince(time: number, from: number, { file }: OpenLog): Promise<number> {
    let first = from
    let records = MOST_RECORDS
    while (records === MOST_RECORDS) {
      const bytes = await readAt(file, first * RECORD_BYTES, MOST_RECORDS * RECORD_BYTES)
      records = Math.floor(bytes.length / RECORD_BYTES)
      for (let at = 0; at < records; at++) {
        const record = readRecord(bytes.subarray(at * RECORD_BYTES, (at + 1) * RECORD_BYTES))
        if (record === null || record.at >= time) return first + at
      }
      first += records
    }
    return first
  }

  /** The line that what a record saw first belongs to. */
  async function lineGoingOn(record: number, { file }: OpenLog): Promise<number> {
    const before =
      record === 0 ? null : readRecord(await readAt(file, (record - 1) * RECORD_BYTES, RECORD_BYTES))
    return Number(await log.lineAt(Math.min(before?.end ?? 0, log.size)))
  }

  /** The first line that begins at this byte or behind it. */
  async function lineBehind(offset: number): Promise<number> {
    return Number(await log.lineAt(offset - 1)) + 1
  }
}
