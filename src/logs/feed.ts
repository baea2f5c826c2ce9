import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { wholeCharacters } from '../base/whole-characters.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Steps } from '../runs/steps.ts'
import { openLog, tailStart } from './file.ts'
import { outputFrame } from './frames.ts'

/** Some bytes of a log, ready to be sent. */
export interface LogChunk {
  readonly frame: Buffer
  /** The offset behind them. */
  readonly end: number
}

/** A log that somebody follows, shared by all who do. */
export interface LogFeed {
  /** Resolves when the log is open, or is waited for. @throws {LooperError} `LOOPER_LOG_NOT_FOUND` */
  readonly ready: Promise<void>
  /** What stands at this offset; null where there is nothing at present. Made once for all who stand there. */
  chunkAt(offset: number): Promise<LogChunk | null>
  /** How often the log was cut off so far: who follows it begins with its begin then. */
  cuts(): number
  /** The run as it ended, once all of its log is known; what `chunkAt` does not find after that will never come. */
  end(): RunRecord | null
  /** Resolves when the log was looked at again. @throws {LooperError} `LOOPER_LOG_NOT_FOUND` */
  changed(): Promise<void>
  /** Where the last lines begin at present. */
  tailStart(lines: number): Promise<number>
  /** To be called once by everybody who joined; the last one closes the log. */
  leave(): Promise<void>
}

/** The logs that are followed. */
export interface LogFeeds {
  /** Joins those who follow a run's log. */
  join(run: RunRecord): LogFeed
}

/** What feeds are made of. */
export interface LogFeedDeps {
  readonly steps: Steps
  readonly clock: Clock
}

const POLL_MS = 50
const CHUNK_BYTES = 65_536
/** So many made chunks are kept for those who come right behind. */
const KEPT_CHUNKS = 32

/** No log is followed yet. */
export function createLogFeeds(deps: LogFeedDeps): LogFeeds {
  const feeds = new Map<string, { readonly feed: LogFeed; followers: number }>()
  return {
    join(run) {
      const { runId } = run
      const entry = feeds.get(runId) ?? { feed: openFeed(run, deps), followers: 0 }
      feeds.set(runId, entry)
      entry.followers++
      return {
        ...entry.feed,
        async leave() {
          if (--entry.followers > 0) return
          feeds.delete(runId)
          await entry.feed.leave()
        },
      }
    },
  }
}

/**
 * One descriptor and one look at a time, by whoever waits, for as long as somebody waits: a log that is removed is still
 * read to its end.
 */
function openFeed(run: RunRecord, { steps, clock }: LogFeedDeps): LogFeed {
  let latest = run
  let file: FileHandle | null = null
  let size = 0
  let cuts = 0
  let end: RunRecord | null = null
  let round: Promise<void> | null = null
  const chunks = new Map<number, Promise<LogChunk | null>>()
  const unsubscribe = steps.subscribe((told) => {
    if (told.run.runId === run.runId) latest = told.run
  })

  async function look(): Promise<void> {
    // Asked before looking: what was written before the end is then surely seen.
    const seen = latest
    if (file === null && seen.logPath !== null) file = (await openLog(seen.logPath)).file
    if (file !== null) {
      const before = size
      size = (await file.stat()).size
      if (size < before) {
        cuts++
        chunks.clear()
      }
    }
    if (seen.outcome === null) return
    end = seen
    // What waited for the rest of a character waits no more.
    chunks.clear()
  }

  async function nextRound(): Promise<void> {
    try {
      await clock.sleep(POLL_MS)
      await look()
    } catch (error) {
      // Anything else says nothing of the log, as that there are no descriptors: it is looked at again.
      if (error instanceof LooperError) throw error
    } finally {
      round = null
    }
  }

  async function read(open: FileHandle, offset: number): Promise<LogChunk | null> {
    const isLast = end !== null && size - offset <= CHUNK_BYTES
    const wanted = Math.min(CHUNK_BYTES, size - offset)
    const { buffer, bytesRead } = await open.read(Buffer.allocUnsafe(wanted), 0, wanted, offset)
    const there = buffer.subarray(0, bytesRead)
    const bytes = isLast ? there : there.subarray(0, wholeCharacters(there))
    if (bytes.length > 0)
      return { frame: outputFrame(bytes, offset + bytes.length), end: offset + bytes.length }
    chunks.delete(offset)
    return null
  }

  return {
    ready: look(),
    async chunkAt(offset) {
      if (file === null || offset >= size) return null
      const made = chunks.get(offset) ?? read(file, offset)
      chunks.set(offset, made)
      const [oldest] = chunks.keys()
      if (chunks.size > KEPT_CHUNKS && oldest !== undefined) chunks.delete(oldest)
      return made
    },
    cuts: () => cuts,
    end: () => end,
    changed() {
      round ??= nextRound()
      return round
    },
    async tailStart(lines) {
      return file === null ? 0 : tailStart({ file, size }, lines)
    },
    async leave() {
      unsubscribe()
      await file?.close()
    },
  }
}
