import { type IndexedLog, readAt } from './line-index.ts'
import type { LogLine } from './search.ts'

/** Lines of a log. */
export interface LogLines {
  /** The number of the first one. */
  readonly from: number
  /** The byte where it begins; null where there is none, or its place is not known yet. */
  readonly offset: number | null
  readonly lines: LogLine[]
  /** How many lines the log has; null where they are not all counted yet. */
  readonly total: number | null
  /** Whether all lines are counted. */
  readonly is_complete: boolean
}

/** The lines that are wanted: from a number on, or from the one that holds a byte. */
export type LinesWanted = { readonly count: number } & ({ readonly from: number } | { readonly byte: number })

const MOST_BYTES = 1_048_576
/** What is longer is cut off. */
const LONGEST_LINE_BYTES = 16_384
const NEWLINE = 10

/** Lines by their numbers, as many as go into a mebibyte. Counting them first goes on until it is over. */
export async function linesOf(
  log: IndexedLog,
  wanted: LinesWanted,
  isOver: () => boolean,
): Promise<LogLines> {
  const { size } = log
  const is_complete = await log.count(isOver)
  const total = is_complete ? (size === 0 ? 0 : await log.lineAt(size - 1)) : null
  const byte = 'byte' in wanted ? Math.max(0, Math.min(wanted.byte, size - 1)) : 0
  const from = 'byte' in wanted ? await log.lineAt(byte) : wanted.from
  const offset = from === null ? null : await log.offsetOf(from)
  if (from === null || offset === null)
    return { from: from ?? 1, offset: null, lines: [], total, is_complete }
  return { from, offset, lines: await read(log, from, offset, wanted.count), total, is_complete }
}

async function read(
  { file, size }: IndexedLog,
  from: number,
  offset: number,
  count: number,
): Promise<LogLine[]> {
  const lines: LogLine[] = []
  const bytes = await readAt(file, offset, count === 0 ? 0 : Math.min(MOST_BYTES, size - offset))
  const isToTheEnd = offset + bytes.length === size
  for (let begin = 0; begin < bytes.length && lines.length < count; ) {
    const newline = bytes.indexOf(NEWLINE, begin)
    // The last piece is a line of its own at the end of the log alone, or where nothing else could be told.
    if (newline === -1 && !isToTheEnd && lines.length > 0) break
    const end = newline === -1 ? bytes.length : newline
    const text = bytes.toString('utf8', begin, Math.min(end, begin + LONGEST_LINE_BYTES))
    lines.push({ line: from + lines.length, offset: offset + begin, text })
    begin = end + 1
  }
  return lines
}
