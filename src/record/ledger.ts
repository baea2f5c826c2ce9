import { statSync } from 'node:fs'
import type { Usage } from '../agents/agent-events.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Trigger } from '../runs/run.ts'
import { textOrNull } from './cells.ts'
import { beginAnew, damageOf, openDatabase, writeNothing } from './file.ts'
import { type GoingSessions, goingSessions } from './going-sessions.ts'
import { type HoldRecords, holdsIn, IS_PARKED } from './holds.ts'
import { type Keys, keysIn } from './keys.ts'
import { type LedgerNotes, ledgerNotes } from './notes.ts'
import { type Outbox, outboxIn } from './outbox.ts'
import { type OwnTables, ownTables } from './own-tables.ts'
import { LISTED_BY_ID, type RunQuery, selectRuns } from './query.ts'
import { ledgerQueue, NOTHING, unlocked } from './queue.ts'
import { type Remains, remainsIn } from './remains.ts'
import { END_COLUMNS, finishColumns, intentColumns, progressColumns, toListed, toRecord } from './rows.ts'
import type { EndedRun, ListedRun, RunFinish, RunIntent, RunProgress, RunRecord } from './run-record.ts'
import { SESSION_USAGE, saidIn } from './said.ts'
import { type SpendingRecords, spendingIn } from './spending.ts'
import { WHOLE_RUNS } from './texts.ts'
import { FINISH_CHECK } from './verify.ts'
import { IS_WAITING, type WaitingRuns, waitingIn } from './waiting.ts'
import { type Columns, insertSql, withWriteErrors } from './write.ts'

/**
 * The record of all runs. Reading and writing are synchronous, and wait for nobody's lock. What cannot be written at once is
 * tried again until it is; whoever reads sees it already.
 */
export interface Ledger
  extends LedgerNotes,
    Keys,
    WaitingRuns,
    Remains,
    GoingSessions,
    Outbox,
    HoldRecords,
    SpendingRecords,
    OwnTables {
  /**
   * Looks for damage in the whole file, off the main thread where that takes long. Where there is any, the file is set aside, and a new one begins. No run may use the ledger before it resolves.
   */
  check(): Promise<void>
  /** Writes an intent. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`; `LOOPER_RESUME_REFUSED` where its session is being deleted */
  begin(intent: RunIntent): void
  /** Adds a step, as soon as that is possible. What never is, is dropped and told. */
  step(runId: string, progress: RunProgress): void
  /**
   * Ends a run; like {@link step}. A run ends once: later ends change nothing.
   * @param written called when the end is on the record, where another life of the service finds it
   */
  finish(runId: string, finish: RunFinish, written?: () => void): void
  find(runId: string): RunRecord | null
  /** Newest first. */
  list(query: RunQuery): ListedRun[]
  /** These runs, without their long texts, in any order. */
  listed(runIds: readonly string[]): ListedRun[]
  /** Those that neither ended nor wait. */
  unfinished(): RunRecord[]
  /** The tokens of all runs of a session together, but for one; null where none is known. */
  usageOf(sessionId: string, butOf?: string): Usage | null
  /** How many runs this trigger launched since then. */
  launchedSince(trigger: Trigger, since: number): number
  /** Ended runs, oldest first, for retention; without those that are parked. */
  ended(): Iterable<EndedRun>
  remove(runId: string): void
  /** Writes something that changes nothing, as soon as nobody else holds the lock. @throws {LooperError} as {@link begin} */
  assertWritable(): Promise<void>
  /** Resolves as soon as nobody else holds its lock; after some seconds all the same. */
  unlocked(): Promise<void>
  /** Resolves when every step is written, or after so many milliseconds. */
  settle(limitMs: number): Promise<void>
  /** Writes what still waits, and closes. */
  close(): void
}

/**
 * Opens the ledger, makes it where there is none, and brings it up to date. A file that is broken is set aside, which
 * `tell` is told.
 * @throws {LedgerError} where the file is from a newer Looper or cannot be written
 */
export function openLedger(
  file: string,
  tell: (message: string) => void,
  clock: Pick<Clock, 'sleep' | 'monotonic'> = systemClock,
): Ledger {
  let db = openDatabase(file, tell)
  let { ino } = statSync(file)
  const queue = ledgerQueue(() => db, clock, tell)

  /** SQLite goes on writing into a file that was removed, and nobody would ever read it. */
  function assertThere(): void {
    const isThere = statSync(file, { throwIfNoEntry: false })?.ino === ino
    if (!isThere) throw new Error(`${file} was removed or replaced; restart Looper`)
  }

  /** A row, as it will be when everything is written. */
  function whole(row: Record<string, unknown>): Record<string, unknown> {
    const waits = queue.waiting(subjectOf(String(row.run_id)))
    if (waits === NOTHING) return row
    const settled = { ...row, ...waits }
    // A run ends once: an end that waits behind another one will change nothing.
    if (row.outcome !== null) for (const name of END_COLUMNS) settled[name] = row[name]
    return settled
  }

  /** Adds a row of runs. */
  function insert(columns: Columns, expressions: Readonly<Record<string, string>> = {}): void {
    going.assertStays(columns)
    withWriteErrors(() => {
      assertThere()
      db.prepare(insertSql(columns, expressions)).run(columns)
    })
  }

  /** Rows of runs with all that is known of them, as they will be when everything is written. */
  function select(condition: string, values: Columns): Record<string, unknown>[] {
    return db.prepare(`${WHOLE_RUNS} WHERE ${condition}`).all(values).map(whole)
  }

  const remains = remainsIn(() => db, queue, file, assertThere)
  const going = goingSessions(remains.isSessionNeeded)
  const waiting = waitingIn({
    db: () => db,
    queue,
    select,
    whole,
    toRecord,
    insert,
    columnsOf: intentColumns,
  })

  return {
    async check() {
      try {
        const damage = await damageOf(db, file)
        if (damage === null) return
        db.close()
        db = beginAnew(file, damage, tell)
        ino = statSync(file).ino
      } catch (error) {
        tell(`cannot check the ledger: ${messageOf(error)}`)
      }
    },
    begin(intent) {
      insert(intentColumns(intent))
    },
    step(runId, progress) {
      const columns = progressColumns(progress)
      const sets = Object.keys(columns).map((name) => `${name} = :${name}`)
      const sql = `UPDATE runs SET ${sets.join(', ')} WHERE run_id = :run_id`
      queue.write(subjectOf(runId), sql, { ...columns, run_id: runId })
    },
    finish(runId, finish, written) {
      const sql = `UPDATE runs SET outcome = :outcome, return_code = :return_code, cause = :cause,
          remedy = :remedy, ended_at = :ended_at,
          output_bytes = :output_bytes, tokens_used = :tokens_used, ${FINISH_CHECK} WHERE run_id = :run_id AND outcome IS NULL`
      // A run ends once, also while its end waits.
      if (queue.waiting(subjectOf(runId)).outcome !== undefined) return
      queue.write(subjectOf(runId), sql, { ...finishColumns(finish), run_id: runId }, written)
    },
    find(runId) {
      const [row] = select('run_id = :run_id', { run_id: runId })
      return row ? toRecord(row) : null
    },
    list(query) {
      const { sql, values } = selectRuns(query)
      return db
        .prepare(sql)
        .all(values)
        .map((row) => toListed(whole(row)))
    },
    listed(runIds) {
      const rows = db.prepare(LISTED_BY_ID).all({ ids: JSON.stringify(runIds) })
      return rows.map((row) => toListed(whole(row)))
    },
    unfinished() {
      const rows = select(`outcome IS NULL AND NOT (${IS_WAITING}) ORDER BY seq`, {})
      return rows.map(toRecord).filter(({ outcome }) => outcome === null)
    },
    usageOf(sessionId, butOf = '') {
      const row = db.prepare(`${SESSION_USAGE} WHERE session_id = ? AND run_id <> ?`).get(sessionId, butOf)
      return saidIn(Object(row)).usage
    },
    launchedSince(trigger, since) {
      const row = db
        .prepare('SELECT count(*) AS count FROM runs WHERE trigger = ? AND launched_at >= ?')
        .get(trigger, since)
      return Number(row?.count)
    },
    *ended() {
      const rows = db.prepare(
        `SELECT run_id, log_path, ended_at FROM runs WHERE outcome IS NOT NULL AND NOT (${IS_PARKED}) ORDER BY seq`,
      )
      for (const row of rows.all()) {
        yield {
          runId: String(row.run_id),
          logPath: textOrNull(row.log_path),
          endedAt: Number(row.ended_at),
        }
      }
    },
    remove(runId) {
      queue.write(subjectOf(runId), 'DELETE FROM runs WHERE run_id = :run_id', { run_id: runId })
    },
    ...ledgerNotes(() => db, queue),
    ...keysIn(() => db, queue),
    ...outboxIn(() => db, queue),
    ...remains,
    letSessionGo: going.letSessionGo,
    keepSession: going.keepSession,
    ...spendingIn(() => db, queue),
    ...ownTables(() => db, assertThere),
    ...waiting,
    ...holdsIn({ db: () => db, queue, select, toRecord, enqueue: waiting.enqueue }),
    async assertWritable() {
      await unlocked(() => db, clock, LOCK_LIMIT_MS)
      withWriteErrors(() => {
        assertThere()
        writeNothing(db)
      })
    },
    unlocked: () => unlocked(() => db, clock, LOCK_LIMIT_MS),
    settle: queue.settle,
    close() {
      queue.close()
      db.close()
    },
  }
}

/** How long a request waits for somebody else's lock, a backup's or a tool's. */
const LOCK_LIMIT_MS = 5000

/** How the writes of a run are told apart from all others. */
const subjectOf = (runId: string) => `run ${runId}`
