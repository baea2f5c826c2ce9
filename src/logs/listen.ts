import { closeSync, fstatSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { AgentEvent, AgentReader, Usage } from '../agents/agent-events.ts'
import { NOTHING_SAID, type Said, said, withNoted } from '../agents/said.ts'
import type { Clock } from '../base/clock.ts'
import { openPlain } from '../base/plain-file.ts'

/** What listening to an agent needs. */
export interface ListenOptions {
  readonly logPath: string
  /** The byte at which its output begins. */
  readonly from: number
  readonly reader: AgentReader
  /** The usage of the session's earlier runs; null: the run began it. */
  readonly before: Usage | null
  readonly clock: Clock
  /** Is told each event. */
  readonly heard?: (event: AgentEvent) => void
  /** Is told what has been said when its session is known, and from time to time. */
  readonly told: (so: Said) => void
  /** Aborted when the log is complete: what is there is still read, then it ends. */
  readonly complete: AbortSignal
  /** Counts what the run uses; null or left out: nobody wants to know that before the rest. */
  readonly count?: Count | null
}

/** Who wants to know what a run uses as soon as that can be known. */
export interface Count {
  /** What the agent's own files note of a session; null: its output tells all. */
  readonly noted: ((session: string) => Usage | null) | null
  /** Is told each event as it comes. */
  readonly event: (event: AgentEvent) => void
  /** Is told at once what is new. */
  readonly take: (so: Said) => void
}

const CHUNK_BYTES = 65_536
/** How soon a log is looked at again: a session has to be on the record within two seconds, also where the agent is killed. */
const POLL_MS = 500
/** How soon where it is counted what the agent uses: it goes on until it is stopped. */
const COUNT_MS = 100
/** A reply may have megabytes, and is written anew each time. */
const TELL_MS = 5000
/** So many bytes, and others are let have the processor. */
const BREATH_BYTES = 1_048_576
/** Whoever writes faster than is read is not caught up with: its end does not wait for that. */
const MOST_BEHIND_BYTES = 33_554_432
/** What is read then: its last words. */
const LAST_BYTES = 4_194_304

/**
 * Reads what an agent says from its log as it grows, by the bytes, until the log is complete; resolves with all of it. Of what
 * is written faster than anybody could read, the end alone is read. A log that is removed or replaced says no more.
 * @throws {Error} where it cannot be read up to its completion
 */
export async function listen(options: ListenOptions): Promise<Said> {
  const {
    logPath,
    from,
    reader,
    before,
    clock,
    heard = () => undefined,
    told,
    complete,
    count = null,
  } = options
  let so = NOTHING_SAID
  let offset = from
  let saidBefore = so
  let counted = so
  let toldAt = clock.monotonic()
  const fold = (events: ReturnType<AgentReader['push']>) => {
    for (const event of events) {
      count?.event(event)
      so = said(so, event, before)
      heard(event)
    }
  }
  const take = () => {
    if (count?.noted && so.sessionId !== null) so = withNoted(so, count.noted(so.sessionId))
    if (so !== counted) count?.take(so)
    counted = so
  }
  const tell = () => {
    const isNews = so !== saidBefore
    const isSession = so.sessionId !== saidBefore.sessionId
    if (!isSession && !(isNews && clock.monotonic() - toldAt >= TELL_MS)) return
    saidBefore = so
    toldAt = clock.monotonic()
    told(so)
  }

  for (;;) {
    // Asked before reading: what was written before completion is then surely read.
    const isComplete = complete.aborted
    try {
      offset = await readOn(logPath, offset, (bytes) => fold(reader.push(bytes)))
    } catch (error) {
      if (isComplete) throw error
    }
    if (isComplete) break
    take()
    tell()
    await clock.sleep(count ? COUNT_MS : POLL_MS, complete).catch(() => undefined)
  }
  fold(reader.end())
  take()
  return so
}

/** Hands on what is behind an offset; returns the offset behind that. */
async function readOn(logPath: string, from: number, take: (bytes: Buffer) => void): Promise<number> {
  const fd = openPlain(logPath)
  if (fd === null) return from
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    // What outlived the run may write on and on.
    const end = fstatSync(fd).size
    let offset = end - from > MOST_BEHIND_BYTES ? end - LAST_BYTES : from
    for (let breath = offset + BREATH_BYTES; offset < end; offset += CHUNK_BYTES) {
      // Somebody may have cut it off meanwhile: then there is less.
      const count = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, end - offset), offset)
      take(chunk.subarray(0, count))
      if (offset < breath) continue
      await setImmediate()
      breath = offset + BREATH_BYTES
    }
    return Math.max(from, end)
  } finally {
    closeSync(fd)
  }
}
