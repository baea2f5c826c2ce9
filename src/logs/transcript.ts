import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { AgentReader } from '../agents/agent-events.ts'
import { openTranscript, type TranscriptEntry } from '../agents/transcript.ts'

/** What of a transcript is wanted. */
export interface PageWanted {
  /** Entries behind this one. */
  readonly after: number
  readonly limit: number
}

/** A part of a transcript. */
export interface Page {
  readonly entries: readonly TranscriptEntry[]
  /** Where the next part begins; null: there is nothing more at present. */
  readonly nextAfter: number | null
}

const CHUNK_BYTES = 65_536
/** So many bytes, and others are let have the processor. */
const BREATH_BYTES = 1_048_576

/** A transcript that is read on as its log grows. */
export interface GrowingTranscript {
  /** What was told since it was last asked. */
  readOn(): AsyncGenerator<TranscriptEntry>
  /** What is left where nothing more comes. */
  end(): TranscriptEntry[]
  /** Whether the log is shorter by now than what was read of it: then it is another one, to be read from its begin. */
  isCut(): Promise<boolean>
}

/** The transcript of a log from a byte on, which is where its agent's output begins. */
export function growing(file: FileHandle, from: number, reader: AgentReader): GrowingTranscript {
  const transcript = openTranscript(reader)
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let offset = from
  let breath = from + BREATH_BYTES
  return {
    async *readOn() {
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset)
        if (bytesRead === 0) return
        offset += bytesRead
        yield* transcript.push(chunk.subarray(0, bytesRead))
        if (offset < breath) continue
        await setImmediate()
        breath = offset + BREATH_BYTES
      }
    },
    end: () => transcript.end(),
    isCut: async () => (await file.stat()).size < offset,
  }
}

/**
 * A part of a transcript, each tool call once, where it started, as it stands at the end of what is read. The whole log is
 * read; no more is kept of it than is wanted.
 * @param isComplete whether nothing more comes: until then, what was half said is not told, because its number would be
 * that of the whole
 * @param isOver whether nobody waits for it any more
 */
export async function pageOf(
  transcript: GrowingTranscript,
  { after, limit }: PageWanted,
  isComplete: boolean,
  isOver: () => boolean,
): Promise<Page> {
  const kept: TranscriptEntry[] = []
  /** Where a tool call that has not ended stands among the kept; null: before them. */
  const open = new Map<string, number | null>()
  let last = after
  let hasMore = false
  const take = (entry: TranscriptEntry) => {
    if (entry.kind === 'tool') {
      const at = open.get(entry.id)
      if (entry.state !== 'started') open.delete(entry.id)
      if (at !== undefined) {
        const begun = at === null ? undefined : kept[at]
        if (at !== null && begun) kept[at] = { ...entry, seq: begun.seq, offset: begun.offset }
        return
      }
      if (entry.state === 'started') open.set(entry.id, isWanted(entry) ? kept.length : null)
    }
    if (entry.seq <= after) return
    if (!isWanted(entry)) {
      hasMore = true
      return
    }
    last = entry.seq
    kept.push(entry)
  }
  const isWanted = ({ seq }: TranscriptEntry) => seq > after && kept.length < limit
  for await (const entry of transcript.readOn()) {
    if (isOver()) break
    take(entry)
  }
  for (const entry of isComplete ? transcript.end() : []) take(entry)
  return { entries: kept, nextAfter: hasMore ? last : null }
}
