import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { numberOrNull, textOrNull } from '../record/cells.ts'
import type { Tables } from '../record/own-tables.ts'
import { TOO_MANY_FLAGS } from './errors.ts'
import { keptText } from './kept-text.ts'

/** Whether somebody has looked. */
export const FLAG_STATES = ['open', 'cleared'] as const
/** Whether somebody has looked. */
export type FlagState = (typeof FLAG_STATES)[number]

/** Something of a run that needs a look, and no answer. */
export interface Flag {
  readonly id: number
  readonly runId: string
  readonly note: string
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  /** Null: nobody has looked yet. */
  readonly clearedAt: number | null
  /** The name of the token that cleared it; null: nobody is asked for one. */
  readonly clearedBy: string | null
}

/** Which flags. */
export interface FlagQuery {
  readonly state: FlagState
  /** Null: those of all runs. */
  readonly runId: string | null
  readonly limit: number
}

/** What needs a look, each for as long as its run is on the record. */
export interface Flags {
  /** @throws {LooperError} `LOOPER_FLAGS_LIMIT`, `LOOPER_LEDGER_UNWRITABLE` */
  raise(runId: string, note: string): Flag
  /** Somebody has looked; who did so first stays. Null: there is none of this id. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  clear(id: number, by: string | null): Flag | null
  /** Newest first. */
  list(query: FlagQuery): Flag[]
  /** Those of which nobody was told; oldest first. */
  untold(): Flag[]
  /** People were told of it. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  noteTold(id: number): void
}

const MOST_OPEN = 10

/** The flags on the record. */
export function openFlags(tables: Tables, clock: Pick<Clock, 'now'>): Flags {
  const now = () => Math.round(clock.now())

  function list({ state, runId, limit }: FlagQuery): Flag[] {
    const isCleared = state === 'open' ? 'cleared_at IS NULL' : 'cleared_at IS NOT NULL'
    const sql = `SELECT * FROM flags WHERE ${isCleared} AND run_id = coalesce(:run_id, run_id) ORDER BY id DESC LIMIT :limit`
    return tables.rows(sql, { run_id: runId, limit }).map(toFlag)
  }

  return {
    list,
    raise: (runId, note) =>
      tables.change((db) => {
        if (list({ state: 'open', runId, limit: MOST_OPEN }).length === MOST_OPEN) {
          const what = `${MOST_OPEN} flags of this run wait for somebody to look already`
          throw new LooperError(TOO_MANY_FLAGS, what)
        }
        const sql = 'INSERT INTO flags (run_id, note, created_at) VALUES (?, ?, ?) RETURNING *'
        return toFlag(Object(db.prepare(sql).get(runId, keptText(note), now())))
      }),
    untold: () => tables.rows('SELECT * FROM flags WHERE is_told = 0 ORDER BY id').map(toFlag),
    noteTold: (id) =>
      tables.change((db) => {
        db.prepare('UPDATE flags SET is_told = 1 WHERE id = ?').run(id)
      }),
    clear: (id, by) =>
      tables.change((db) => {
        const sql = 'UPDATE flags SET cleared_at = ?, cleared_by = ? WHERE id = ? AND cleared_at IS NULL'
        db.prepare(sql).run(now(), by, id)
        const row = db.prepare('SELECT * FROM flags WHERE id = ?').get(id)
        return row ? toFlag(row) : null
      }),
  }
}

const toFlag = (row: Record<string, unknown>): Flag => ({
  id: Number(row.id),
  runId: String(row.run_id),
  note: String(row.note),
  createdAt: Number(row.created_at),
  clearedAt: numberOrNull(row.cleared_at),
  clearedBy: textOrNull(row.cleared_by),
})
