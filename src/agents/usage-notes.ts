import { closeSync, fstatSync, readSync } from 'node:fs'
import { openPlain } from '../base/plain-file.ts'
import type { AgentReader, Usage } from './agent-events.ts'
import { sumOf } from './tokens.ts'

/** Files of an agent's own in which it notes what it uses, as soon as its model has answered. */
export interface UsageNotes {
  /** That of a session; null: it is not there yet. */
  find(session: string, env: NodeJS.ProcessEnv): string | null
  /** Those of what works for the session beside it, as they are now; left out: there are none. */
  beside?(file: string): readonly string[]
  /**
   * Reads one of them, from its first byte on, and tells the usage of each answer as a `step`.
   * @param since when the run began, in milliseconds since the epoch: what was noted before is of earlier runs
   */
  read(since: number): AgentReader
}

const CHUNK_BYTES = 65_536
/** So much is read at a look; the next one goes on. */
const MOST_BYTES = 16_777_216
/** A file that is not there is looked for less and less often, at last at each look of so many. */
const RAREST = 64

interface Followed {
  readonly reader: AgentReader
  offset: number
}

/**
 * Follows what an agent notes of one run; each call looks again, and tells the usage so far, all of its session's files
 * together. Null: nothing is noted yet. What cannot be read now is read at the next look.
 */
export function followNotes(
  notes: UsageNotes,
  env: () => NodeJS.ProcessEnv,
  since: number,
): (session: string) => Usage | null {
  const followed = new Map<string, Followed>()
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let usage: Usage | null = null
  let found: string | null = null
  let looks = 0

  function readOn(file: string, one: Followed): void {
    const fd = openPlain(file)
    if (fd === null) return
    try {
      const end = Math.min(fstatSync(fd).size, one.offset + MOST_BYTES)
      while (one.offset < end) {
        const count = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, end - one.offset), one.offset)
        /* c8 ignore next: somebody cut it off since its size was asked for */
        if (count === 0) break
        one.offset += count
        for (const event of one.reader.push(chunk.subarray(0, count)))
          if (event.kind === 'usage') usage = added(usage, event)
      }
    } finally {
      closeSync(fd)
    }
  }

  function find(session: string): string | null {
    looks++
    const isTime = looks % RAREST === 0 || (looks & (looks - 1)) === 0
    return isTime ? notes.find(session, env()) : null
  }

  return (session) => {
    found ??= find(session)
    if (found === null) return null
    for (const file of [found, ...(notes.beside?.(found) ?? [])]) {
      const one = followed.get(file) ?? { reader: notes.read(since), offset: 0 }
      followed.set(file, one)
      try {
        readOn(file, one)
      } catch {
        // The next look may succeed.
      }
    }
    return usage
  }
}

function added(so: Usage | null, { input, cached, output, total }: Usage): Usage {
  const step = { input, cached, output, total }
  if (so === null) return step
  return {
    input: sumOf([so.input, step.input]),
    cached: sumOf([so.cached, step.cached]),
    output: sumOf([so.output, step.output]),
    total: sumOf([so.total, step.total]),
  }
}
