import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { isPermanent, isTemporary } from './errors.ts'

/** Values of a write, by the names of their columns. */
export type Values = Readonly<Record<string, SQLInputValue>>

/**
 * Writes to the record that need not succeed at once. Each belongs to a subject, a run, a note or a key: those of one subject
 * are made in their order, and hold up nobody else's.
 */
export interface LedgerQueue {
  /**
   * Writes now, or keeps it and tries again until it is written; true where nothing of this subject waits.
   * @param done called when it need not be kept any more: it is written, or can never be. It must not throw.
   */
  write(subject: string, sql: string, values: Values, done?: () => void): boolean
  /** What waits for a subject, as columns; the later ones win. {@link NOTHING} where nothing does. */
  waiting(subject: string): Values
  /** Whether nothing waits. */
  isEmpty(): boolean
  /** Tries everything that waits; true where nothing does any more. */
  flush(): boolean
  /** Resolves when nothing waits any more, or after so many milliseconds; what waits then is told. */
  settle(limitMs: number): Promise<void>
  /** Tries no more. */
  close(): void
}

/** No columns. */
export const NOTHING: Values = {}

interface Write {
  readonly sql: string
  readonly values: Values
  readonly done: (() => void) | undefined
}

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 1000

/** A queue for whichever database is open now. `tell` is told once of each row of failures, and of what is given up. */
export function ledgerQueue(
  db: () => DatabaseSync,
  clock: Pick<Clock, 'sleep' | 'monotonic'>,
  tell: (message: string) => void,
): LedgerQueue {
  const subjects = new Map<string, Write[]>()
  const closing = new AbortController()
  let isTold = false
  let isRetrying = false

  /** Whether it is off the queue: written, or given up. */
  function isDone(subject: string, { sql, values }: Write): boolean {
    try {
      db().prepare(sql).run(values)
      return true
    } catch (error) {
      if (isPermanent(error)) {
        tell(`a write to the ledger can never succeed, and is dropped (${subject}): ${messageOf(error)}`)
        return true
      }
      // Once each time: a run that is mirrored brings several steps a second.
      if (!isTold) tell(`cannot write the ledger, its steps wait: ${messageOf(error)}`)
      isTold = true
      return false
    }
  }

  function flushOne(subject: string, writes: Write[]): void {
    for (let next = writes[0]; next && isDone(subject, next); next = writes[0]) {
      writes.shift()
      next.done?.()
    }
    if (writes.length === 0) subjects.delete(subject)
  }

  function flush(): boolean {
    for (const [subject, writes] of subjects) flushOne(subject, writes)
    if (subjects.size === 0) isTold = false
    return subjects.size === 0
  }

  /** Nobody may come by for a long time: an agent is quiet, or was the last one. */
  async function retry(): Promise<void> {
    if (isRetrying) return
    isRetrying = true
    for (let ms = FIRST_RETRY_MS; !closing.signal.aborted; ms = Math.min(LAST_RETRY_MS, 2 * ms)) {
      await clock.sleep(ms, closing.signal).catch(() => undefined)
      if (!closing.signal.aborted && flush()) break
    }
    isRetrying = false
  }

  return {
    write(subject, sql, values, done) {
      const writes = subjects.get(subject) ?? []
      const last = writes.at(-1)
      // The later one says all that the earlier one did; what waits must not grow for as long as the disk is full.
      if (last?.sql === sql) writes.pop()
      writes.push({ sql, values, done })
      subjects.set(subject, writes)
      flush()
      const isWritten = !subjects.has(subject)
      if (!isWritten) void retry()
      return isWritten
    },
    waiting(subject) {
      const writes = subjects.get(subject)
      return writes ? Object.assign({}, ...writes.map(({ values }) => values)) : NOTHING
    },
    isEmpty: () => subjects.size === 0,
    flush,
    async settle(limitMs) {
      const deadline = clock.monotonic() + limitMs
      while (!flush()) {
        if (clock.monotonic() >= deadline) return tell(lost([...subjects.keys()]))
        await clock.sleep(FIRST_RETRY_MS)
      }
    },
    close() {
      closing.abort()
      flush()
    },
  }
}

const lost = (subjects: readonly string[]) =>
  `the ledger cannot be written; it does not yet tell all of ${subjects.join(', ')}`

/**
 * Resolves as soon as nobody else holds the lock for writing, or after so many milliseconds: what then cannot be written says
 * so itself. SQLite's own wait would stop the whole service.
 */
export async function unlocked(
  db: () => DatabaseSync,
  clock: Pick<Clock, 'sleep' | 'monotonic'>,
  limitMs: number,
): Promise<void> {
  const deadline = clock.monotonic() + limitMs
  while (isLocked(db()) && clock.monotonic() < deadline) await clock.sleep(FIRST_RETRY_MS)
}

function isLocked(db: DatabaseSync): boolean {
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return false
  } catch (error) {
    return isTemporary(error)
  }
}
