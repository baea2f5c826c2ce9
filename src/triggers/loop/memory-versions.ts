import { numberOrNull } from '../../record/cells.ts'
import type { Tables } from '../../record/own-tables.ts'

/** A loop's memories: what every round gets, and what only the next one gets. */
export const MEMORIES = ['persistent', 'working'] as const
/** One of a loop's memories. */
export type MemoryName = (typeof MEMORIES)[number]

/** Who wrote a memory: a person, the agent of a round by its tools, whoever edited the file, or the loop itself. */
export const AUTHORS = ['person', 'agent', 'file', 'loop'] as const
/** Who wrote a memory. */
export type MemoryAuthor = (typeof AUTHORS)[number]

/** Who changes a memory, and in which round, as the loop counts them over all its starts; null: before the first one. */
export interface MemoryChange {
  readonly by: MemoryAuthor
  readonly round: number | null
}

/** A memory as it was once. */
export interface MemoryVersion extends MemoryChange {
  readonly id: number
  readonly memory: MemoryName
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** The table of the versions; a migration of the loops' tables. */
export const MEMORY_TABLE = `CREATE TABLE loop_memories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  loop TEXT NOT NULL,
  memory TEXT NOT NULL,
  text TEXT NOT NULL,
  author TEXT NOT NULL,
  round INTEGER,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX loop_memories_of ON loop_memories (loop, memory, id);`

/** Of each memory so many are kept, the newest. */
const MOST_VERSIONS = 2000

const OF = 'SELECT * FROM loop_memories WHERE loop = :loop AND memory = :memory'
const PRUNE = `DELETE FROM loop_memories WHERE loop = :loop AND memory = :memory AND id <=
  (SELECT id FROM loop_memories WHERE loop = :loop AND memory = :memory ORDER BY id DESC LIMIT 1 OFFSET :most)`
const ADD =
  'INSERT INTO loop_memories (loop, memory, text, author, round, at) VALUES (:loop, :memory, :text, :author, :round, :at)'

/** What a loop's memories were, on the record. */
export interface MemoryVersions {
  /** Puts one on the record, together with what the work does: both are done, or neither. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  add(version: Omit<MemoryVersion, 'id'>, work: () => void): void
  /** Newest first. */
  list(memory: MemoryName, page: { readonly before: number | null; readonly limit: number }): MemoryVersion[]
  newest(memory: MemoryName): MemoryVersion | null
  find(id: number): MemoryVersion | null
  /** The one that stood at the end of a round; null where none did, or nobody knows it any more. */
  at(memory: MemoryName, round: number): MemoryVersion | null
}

/** The versions of the memories of one loop. */
export function memoryVersions(loop: string, tables: Tables): MemoryVersions {
  const rows = (sql: string, values: Record<string, number | string>) =>
    tables.rows(sql, { loop, ...values }).map(toVersion)
  const list: MemoryVersions['list'] = (memory, { before, limit }) =>
    rows(`${OF} AND id < :before ORDER BY id DESC LIMIT :limit`, {
      memory,
      before: before ?? Number.MAX_SAFE_INTEGER,
      limit,
    })
  return {
    add({ memory, text, by, round, at }, work) {
      tables.change((db) => {
        db.prepare(ADD).run({ loop, memory, text, author: by, round, at: Math.round(at) })
        db.prepare(PRUNE).run({ loop, memory, most: MOST_VERSIONS })
        work()
      })
    },
    list,
    newest: (memory) => list(memory, { before: null, limit: 1 })[0] ?? null,
    find: (id) => rows('SELECT * FROM loop_memories WHERE loop = :loop AND id = :id', { id })[0] ?? null,
    at: (memory, round) =>
      rows(`${OF} AND coalesce(round, 0) <= :round ORDER BY id DESC LIMIT 1`, { memory, round })[0] ?? null,
  }
}

const toVersion = (row: Record<string, unknown>): MemoryVersion => ({
  id: Number(row.id),
  memory: row.memory === 'working' ? 'working' : 'persistent',
  text: String(row.text),
  by: AUTHORS.find((author) => author === row.author) ?? 'loop',
  round: numberOrNull(row.round),
  at: Number(row.at),
})
