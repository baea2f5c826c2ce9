import type { AgentError, AgentEvent, AgentReader, AgentTool } from './agent-events.ts'

/** What of an agent's words people are shown, one shape for all agents. */
export type TranscriptWord = Extract<AgentEvent, { kind: 'text' | 'usage' }> | AgentTool | AgentError

/** An entry of a transcript. The same bytes always give the same entries with the same numbers. */
export type TranscriptEntry = TranscriptWord & {
  /** From 1 on, without a gap: who has read up to one goes on behind it. */
  readonly seq: number
  /** The bytes of output up to and with the line that told it. */
  readonly offset: number
}

/** Makes a transcript of a run's output as it grows. */
export interface Transcript {
  push(bytes: Uint8Array): TranscriptEntry[]
  end(): TranscriptEntry[]
}

const NEWLINE = 0x0a

/** A transcript of what a reader reads, from the first byte of the output. */
export function openTranscript(reader: AgentReader): Transcript {
  let seq = 0
  let offset = 0

  function entries(events: readonly AgentEvent[]): TranscriptEntry[] {
    return events.filter(isWord).map((word) => {
      seq++
      return { ...word, seq, offset }
    })
  }

  function read(bytes: Uint8Array): TranscriptEntry[] {
    offset += bytes.length
    return entries(reader.push(bytes))
  }

  return {
    /** Line by line, which is all the same to the reader, so that each entry has its place. */
    push(bytes) {
      const told: TranscriptEntry[] = []
      let from = 0
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
        told.push(...read(bytes.subarray(from, at + 1)))
        from = at + 1
      }
      told.push(...read(bytes.subarray(from)))
      return told
    },
    end: () => entries(reader.end()),
  }
}

const isWord = (event: AgentEvent): event is TranscriptWord =>
  event.kind !== 'session' && event.kind !== 'turn' && event.kind !== 'work'
