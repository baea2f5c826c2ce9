import type { FileHandle } from 'node:fs/promises'
import type { OpenLog } from './file.ts'

/** A log that is open for reading, and what is known of where its lines are. */
export interface IndexedLog extends OpenLog {
  /** Counts the lines that are not counted yet, until it is over; tells whether all are. */
  count(isOver: () => boolean): Promise<boolean>
  /** Where a line begins; null behind the last one that was counted. */
  offsetOf(line: number): Promise<number | null>
  /** The line that holds this byte, the first one being 1; null behind what was counted. */
  lineAt(offset: number): Promise<number | null>
}

/** What is known of logs, kept for as long as they only grow. */
export interface LogIndexes {
  /** What is known of the log that was opened at this path. */
  of(path: string, log: OpenLog): Promise<IndexedLog>
}

interface Counted {
  readonly inode: number
  /** How many lines end before each block, for all whole blocks, and the one behind them. */
  readonly before: number[]
  /** The last bytes of the last counted block: a log that was cut off and grew again has others. */
  mark: Buffer
  step: Promise<boolean> | null
}

/** A line is looked for within one block, so that is what finding any of them costs. */
const BLOCK_BYTES = 65_536
const BLOCKS_A_READ = 4
const MARK_BYTES = 64
const KEPT_LOGS = 32
const NEWLINE = 10

/** Nothing is known yet. */
export function createLogIndexes(): LogIndexes {
  const kept = new Map<string, Counted>()
  return {
    async of(path, log) {
      const { ino: inode } = await log.file.stat()
      const before = kept.get(path)
      const counted = before && (await hasOnlyGrown(before, inode, log.file)) ? before : nothing(inode)
      // The one that was asked for last goes last.
      kept.delete(path)
      kept.set(path, counted)
      const [oldest] = kept.keys()
      if (kept.size > KEPT_LOGS && oldest !== undefined) kept.delete(oldest)
      return indexed(log, counted)
    },
  }
}

const nothing = (inode: number): Counted => ({ inode, before: [0], mark: Buffer.alloc(0), step: null })

const countedBytes = ({ before }: Counted) => (before.length - 1) * BLOCK_BYTES

async function hasOnlyGrown(counted: Counted, inode: number, file: FileHandle): Promise<boolean> {
  const { mark } = counted
  const there = await readAt(file, countedBytes(counted) - mark.length, mark.length)
  return counted.inode === inode && there.equals(mark)
}

function indexed({ file, size }: OpenLog, counted: Counted): IndexedLog {
  const { before } = counted

  /** Counts some whole blocks more; false where they are not there any more. */
  async function step(): Promise<boolean> {
    const bytes = await readAt(file, countedBytes(counted), BLOCK_BYTES * BLOCKS_A_READ)
    const blocks = Math.floor(bytes.length / BLOCK_BYTES)
    for (let block = 0; block < blocks; block++) {
      const begin = block * BLOCK_BYTES
      before.push(Number(before.at(-1)) + newlines(bytes, begin, begin + BLOCK_BYTES))
    }
    const end = blocks * BLOCK_BYTES
    if (end > 0) counted.mark = Buffer.from(bytes.subarray(end - MARK_BYTES, end))
    return end > 0
  }

  return {
    file,
    size,
    async count(isOver) {
      while (countedBytes(counted) + BLOCK_BYTES <= size) {
        if (isOver()) return false
        // Whoever asks at the same time waits for the same step.
        counted.step ??= step().finally(() => {
          counted.step = null
        })
        if (!(await counted.step)) return false
      }
      return true
    },
    async offsetOf(line) {
      if (line === 1) return size > 0 ? 0 : null
      const wanted = line - 1
      const block = lastBelow(before, wanted)
      const begin = block * BLOCK_BYTES
      const bytes = await readAt(file, begin, Math.min(BLOCK_BYTES, size - begin))
      let left = wanted - Number(before[block])
      for (let at = 0; at < bytes.length; at++) {
        if (bytes[at] !== NEWLINE || --left > 0) continue
        return begin + at + 1 < size ? begin + at + 1 : null
      }
      return null
    },
    async lineAt(offset) {
      const block = Math.floor(offset / BLOCK_BYTES)
      const ended = before[block]
      if (ended === undefined) return null
      const bytes = await readAt(file, block * BLOCK_BYTES, offset % BLOCK_BYTES)
      return 1 + ended + newlines(bytes, 0, bytes.length)
    },
  }
}

/** The last place whose number is below this one; the first number is. */
function lastBelow(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (Number(numbers[middle]) < limit) low = middle
    else high = middle
  }
  return low
}

/** How many lines end within these bytes. */
export function newlines(bytes: Uint8Array, begin: number, end: number): number {
  let count = 0
  for (let at = begin; at < end; at++) if (bytes[at] === NEWLINE) count++
  return count
}

/** What is there of these bytes of a file. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
  return buffer.subarray(0, bytesRead)
}
