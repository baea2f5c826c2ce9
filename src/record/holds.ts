import type { DatabaseSync } from 'node:sqlite'
import type { Hold } from '../runs/holds/hold.ts'
import { numberOrNull, textOrNull } from './cells.ts'
import type { LedgerQueue } from './queue.ts'
import type { RunIntent, RunRecord } from './run-record.ts'
import type { Wait } from './waiting.ts'
import { type Columns, withWriteErrors } from './write.ts'

/** A run that a usage limit interrupted, and what was asked for but for its prompt; null: nobody asked. */
export interface InterruptedRun extends RunRecord {
  readonly asked: string | null
}

/** The agents whose usage limits are reached, and the runs that go on after that. */
export interface HoldRecords {
  /** As they were written last. */
  holds(): Hold[]
  /** Writes a hold, in the place of an earlier one of its agent. */
  putHold(hold: Hold): void
  dropHold(agent: string): void
  /** The same hold; tells of it. */
  tellHold(hold: Hold): void
  /** Notes that a usage limit interrupts a run, unless it was asked for to fail then. Comes before its end. */
  interrupt(runId: string): void
  /** The interrupted runs that have ended, and go on in no other run yet; the latest first. */
  interrupted(): InterruptedRun[]
  /** A run that has ended, and the run that goes on with it; null: it has not ended, or is not on the record. */
  endedRun(runId: string): { readonly run: InterruptedRun; readonly continuedBy: string | null } | null
  /** Lets a run wait that goes on with an interrupted one, which does so once. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  goOn(runId: string, intent: RunIntent, wait: Wait): void
  /** Makes one that is parked a stopped one, which never goes on; false: none of this id is parked. @throws {LooperError} like {@link goOn} */
  abandon(runId: string, cause: string): boolean
}

const IS_INTERRUPTED = 'interrupted = 1 AND continued_by IS NULL AND outcome IS NOT NULL'

/** A run that is to go on when people have answered: what it takes to do so stays. */
export const IS_PARKED = "outcome = 'parked' AND continued_by IS NULL"

/** Which agents are held, and what a run does at a usage limit; null: it is of an older Looper, and does nothing. */
export const HOLDS_MIGRATION = `CREATE TABLE holds (
    agent TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER,
    try_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    probe TEXT,
    run_id TEXT NOT NULL,
    is_told INTEGER NOT NULL
  ) STRICT;
  ALTER TABLE runs ADD COLUMN on_quota TEXT;
  ALTER TABLE runs ADD COLUMN interrupted INTEGER;
  ALTER TABLE runs ADD COLUMN continued_by TEXT;
  CREATE INDEX runs_interrupted ON runs (seq) WHERE ${IS_INTERRUPTED};`

const PUT = `INSERT OR REPLACE INTO holds (agent, since, until, try_at, tries, probe, run_id, is_told)
  VALUES (:agent, :since, :until, :try_at, :tries, :probe, :run_id, :is_told)`

/** What holds are kept with. */
export interface HoldDeps {
  readonly db: () => DatabaseSync
  readonly queue: LedgerQueue
  readonly select: (condition: string, values: Columns) => Record<string, unknown>[]
  readonly toRecord: (row: Record<string, unknown>) => RunRecord
  readonly enqueue: (intent: RunIntent, wait: Wait) => void
}

/** Holds in whichever database is open now. */
export function holdsIn({ db, queue, select, toRecord, enqueue }: HoldDeps): HoldRecords {
  function putHold(hold: Hold): void {
    queue.write(`hold ${hold.agent}`, PUT, {
      agent: hold.agent,
      since: Math.round(hold.since),
      until: hold.until === null ? null : Math.round(hold.until),
      try_at: Math.round(hold.tryAt),
      tries: hold.tries,
      probe: hold.probe,
      run_id: hold.runId,
      is_told: Number(hold.isTold),
    })
  }

  return {
    holds: () => db().prepare('SELECT * FROM holds ORDER BY agent').all().map(holdIn),
    putHold,
    dropHold(agent) {
      queue.write(`hold ${agent}`, 'DELETE FROM holds WHERE agent = :agent', { agent })
    },
    tellHold: putHold,
    interrupt(runId) {
      const sql = "UPDATE runs SET interrupted = 1 WHERE run_id = :run_id AND on_quota = 'hold'"
      queue.write(`run ${runId}`, sql, { run_id: runId })
    },
    interrupted: () =>
      select(`${IS_INTERRUPTED} ORDER BY seq DESC`, {}).map((row) => ({
        ...toRecord(row),
        asked: textOrNull(row.asked),
      })),
    endedRun(runId) {
      const [row] = select('run_id = :run_id AND outcome IS NOT NULL', { run_id: runId })
      if (row === undefined) return null
      const run = { ...toRecord(row), asked: textOrNull(row.asked) }
      return { run, continuedBy: textOrNull(row.continued_by) }
    },
    abandon(runId, cause) {
      const sql = `UPDATE runs SET outcome = 'stopped', cause = ? WHERE run_id = ? AND ${IS_PARKED}`
      return withWriteErrors(() => Number(db().prepare(sql).run(cause, runId).changes) > 0)
    },
    goOn(runId, intent, wait) {
      withWriteErrors(() => db().exec('BEGIN IMMEDIATE'))
      try {
        enqueue(intent, wait)
        const sql = 'UPDATE runs SET continued_by = ? WHERE run_id = ?'
        withWriteErrors(() => {
          db().prepare(sql).run(intent.runId, runId)
          db().exec('COMMIT')
        })
      } catch (error) {
        db().exec('ROLLBACK')
        throw error
      }
    },
  }
}

const holdIn = (row: Readonly<Record<string, unknown>>): Hold => ({
  agent: String(row.agent),
  since: Number(row.since),
  until: numberOrNull(row.until),
  tryAt: Number(row.try_at),
  tries: Number(row.tries),
  probe: textOrNull(row.probe),
  runId: String(row.run_id),
  isTold: row.is_told === 1,
})
