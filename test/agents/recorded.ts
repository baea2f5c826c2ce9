import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AgentEvent, AgentReader, Usage } from '../../src/agents/agent-events.ts'
import { NOTHING_SAID, type Said, said } from '../../src/agents/said.ts'

/** What real agents wrote, with machines' paths and numbers taken out. */
export const streamFile = (name: string): string =>
  path.join(import.meta.dirname, '../fixtures/streams', name)
export const streamBytes = (name: string): Buffer => readFileSync(streamFile(name))

/** All events of some output, which comes in these pieces. */
export function eventsOf(reader: AgentReader, pieces: Iterable<Uint8Array>): AgentEvent[] {
  const events: AgentEvent[] = []
  for (const piece of pieces) events.push(...reader.push(piece))
  return [...events, ...reader.end()]
}

/** What was said by the end of some output. */
export const saidBy = (reader: AgentReader, text: string | Uint8Array, before: Usage | null = null): Said =>
  eventsOf(reader, [Buffer.from(text)]).reduce((so, event) => said(so, event, before), NOTHING_SAID)

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Bytes cut at random, none to so many long. The pieces are overwritten when they were read, as a reused buffer is. */
export function* cutAtRandom(bytes: Buffer, seed: number, longest: number): Generator<Uint8Array> {
  const random = randomFrom(seed)
  for (let from = 0; from < bytes.length; ) {
    const length = Math.floor(random() * (longest + 1))
    const piece = Uint8Array.prototype.slice.call(bytes, from, from + length)
    yield piece
    piece.fill(0x0a)
    from += length
  }
}

/** Without the header and the trailer that some recordings have. */
export const withoutFrame = (bytes: Buffer) =>
  Buffer.from(
    String(bytes)
      .replace(/^(?:# \w+=.*\n)+\n/, '')
      .replace(/\n# codex_exec_return_code=.*\n$/, ''),
  )
