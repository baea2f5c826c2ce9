import { type OpenLog, openLog } from './log-file.ts'
import { type IndexedLog, readAt } from './log-index.ts'
import { RECORD_BYTES, readRecord, timesPathOf } from './log-times-file.ts'

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
}

/** So many records are read for one answer. */
const MOST_RECORDS = 2000

/** When each of these lines was first seen, where that was noted. @throws {LooperError} never for want of times */
export async function timesOf(
  log: IndexedLog,
  logPath: string,
  { from, count }: { readonly from: number; readonly count: number },
  isOver: () => boolean,
): Promise<LogTimes> {
  const times = await openLog(timesPathOf(logPath)).catch(() => null)
  if (times === null) return { times: [], noted: false }
  try {
    const begin = (await log.count(isOver)) ? await log.offsetOf(from) : null
    if (begin === null || count === 0) return { times: [], noted: true }
    const first = await firstBehind(begin, times)
    const bytes = await readAt(times.file, first * RECORD_BYTES, MOST_RECORDS * RECORD_BYTES)
    const found: LogTime[] = []
    let next = from
    for (let at = 0; at < bytes.length && next < from + count; at += RECORD_BYTES) {
      const record = readRecord(bytes.subarray(at, at + RECORD_BYTES))
      if (record === null) break
      const behind = await lineBehind(Math.min(record.end, log.size))
      const to = Math.min(behind, from + count) - 1
      if (to >= next) found.push({ from: next, to, time: new Date(record.at).toISOString() })
      next = Math.max(next, behind)
    }
    return { times: found, noted: true }
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

  /** The first line that begins at this byte or behind it. */
  async function lineBehind(offset: number): Promise<number> {
    return Number(await log.lineAt(offset - 1)) + 1
  }
}
