import { setImmediate } from 'node:timers/promises'
import { type IndexedLog, newlines, readAt } from './line-index.ts'
import { literal, strip, wordsOf } from './text.ts'

/** What is looked for. */
export interface LogSearch {
  readonly text: string
  /** Whether case counts. */
  readonly isExact: boolean
  /** The byte to begin with. */
  readonly offset: number
  /** How many matches are listed at most. */
  readonly limit: number
}

/** A line of a log, or a part of it. */
export interface LogLine {
  /** Its number, the first one being 1. */
  readonly line: number
  /** The byte of the log where it begins; of a match, where that begins. */
  readonly offset: number
  readonly text: string
}

/** What was found. */
export interface LogMatches {
  readonly matches: LogLine[]
  /** How many there are in what was searched. */
  readonly total: number
  /** Whether the log was searched up to its end. */
  readonly is_complete: boolean
  /** The byte to go on with; a last line that has no end yet is looked at again. */
  readonly end: number
}

/** The event loop is not held up for longer than one of these takes. */
const CHUNK_BYTES = 65_536
/** A longer line is searched in pieces that overlap by so much. */
const OVERLAP_BYTES = 8192
/** So much is shown before and behind a match, in bytes. */
const CONTEXT_BYTES = 160

/** Whether case counts where nobody says so: only for who writes upper case. */
export const meansCase = (text: string): boolean => text !== text.toLowerCase()

/** Searches a log as it is now, in bounded memory, until it is over. Colours within a match do not hide it. */
export async function searchLog(
  log: IndexedLog,
  { text: wanted, isExact, offset, limit }: LogSearch,
  isOver: () => boolean,
): Promise<LogMatches> {
  const { file, size } = log
  const pattern = literal(wanted, isExact)
  const matches: LogLine[] = []
  let total = 0
  let at = Math.min(offset, size)
  let line = await lineAt(at)
  if (line === null) return { matches, total, is_complete: false, end: offset }
  let kept = Buffer.alloc(0)
  for (;;) {
    const wantedBytes = Math.min(CHUNK_BYTES, size - at - kept.length)
    const bytes = Buffer.concat([kept, await readAt(file, at + kept.length, wantedBytes)])
    const isShorter = bytes.length < kept.length + wantedBytes
    const isLast = isShorter || at + bytes.length === size
    const lineEnd = bytes.lastIndexOf('\n') + 1
    const settled = lineEnd > 0 ? lineEnd : Math.max(0, bytes.length - OVERLAP_BYTES)
    const searched = isLast ? bytes.length : settled
    let counted = 0
    // What is found behind that is found again with what follows it.
    let done = searched
    for (const { begin, end, text } of found(bytes.toString('latin1'), pattern)) {
      if (begin >= searched) break
      total++
      done = Math.max(done, end)
      if (matches.length === limit) continue
      line += newlines(bytes, counted, begin)
      counted = begin
      matches.push({ line, offset: at + begin, text: text() })
    }
    if (isLast) return { matches, total, is_complete: true, end: at + settled }
    line += newlines(bytes, counted, done)
    at += done
    kept = bytes.subarray(done)
    if (isOver()) return { matches, total, is_complete: false, end: at }
    await setImmediate()
  }

  async function lineAt(place: number): Promise<number | null> {
    return place === 0 || (await log.count(isOver)) ? log.lineAt(place) : null
  }
}

/** Every match in bytes as latin1, by its place in them, with the words around it. */
function* found(bytes: string, pattern: RegExp) {
  const { text, placeOf } = strip(bytes)
  for (const { 0: match, index } of text.matchAll(pattern)) {
    const behind = index + match.length
    yield {
      begin: placeOf(index),
      end: placeOf(behind - 1) + 1,
      text() {
        const lineBegin = text.lastIndexOf('\n', index) + 1
        const newline = text.indexOf('\n', behind)
        const lineEnd = newline === -1 ? text.length : newline
        return wordsOf(
          text.slice(Math.max(lineBegin, index - CONTEXT_BYTES), Math.min(lineEnd, behind + CONTEXT_BYTES)),
        )
      },
    }
  }
}
