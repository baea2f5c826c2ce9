import { statSync } from 'node:fs'
import type { ErrorKind, Usage } from '../agents/agent-events.ts'
import type { Said } from '../agents/said.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Identity } from '../processes/table.ts'
import type { RunEnd } from '../runs/outcome.ts'
import type { Trigger } from '../runs/run.ts'
import { textOrNull } from './cells.ts'
import { beginAnew, damageOf, openDatabase, writeNothing } from './file.ts'
import { type Keys, keysIn } from './keys.ts'
import { type LedgerNotes, ledgerNotes } from './notes.ts'
import { type RunQuery, selectRuns } from './query.ts'
import { ledgerQueue, unlocked } from './queue.ts'
import { END_COLUMNS, finishColumns, intentColumns, progressColumns, toListed, toRecord } from './rows.ts'
import { SESSION_USAGE, saidIn } from './said.ts'
import { WHOLE_RUNS } from './texts.ts'
import { withWriteErrors } from './write.ts'

/** What is known of a run before anything happens. */
export interface RunIntent {
  readonly runId: string
  readonly requestId: string
  readonly trigger: Trigger
  /** The name of the token, or of the hook, that asked; null where nobody was asked for one. */
  readonly caller: string | null
  /** How people call it: see `run-name.ts`. */
  readonly name: string
  readonly agent: string
  /** As the agent calls it; null: the agent's own choice. */
  readonly model: string | null
  readonly slot: string
  readonly workspace: string
  /** Whether it may work there beside others that may, too. */
  readonly sharesWorkspace: boolean
  readonly prompt: string
  readonly binary: string
  /** 0: none. */
  readonly timeoutMs: number
  /** 0: none. */
  readonly stallMs: number
  /** Milliseconds since the epoch, as all times here. */
  readonly requestedAt: number
}

/** What the next steps add, each when it is done. */
export interface RunProgress {
  readonly announcedAt?: number
  readonly notice?: string
  /** Null where there is no message that could be edited. */
  readonly noticeId?: number | null
  /** What the notice said. */
  readonly noticeText?: string
  readonly stoppedAt?: number
  readonly stoppedPids?: readonly number[]
  readonly command?: string
  readonly logPath?: string
  readonly headerBytes?: number
  readonly launchedAt?: number
  readonly agentIdentity?: Identity
  readonly wrapperIdentity?: Identity
  readonly mirroredBytes?: number
  readonly said?: Said
}

/** What the end adds. */
export interface RunFinish extends RunEnd {
  readonly endedAt: number
  readonly outputBytes: number | null
  readonly tokensUsed: number | null
}

/** A run on the record, as lists show it. */
export interface ListedRun extends Omit<RunIntent, 'prompt'> {
  /** Grows with each run. */
  readonly seq: number
  readonly announcedAt: number | null
  readonly notice: string | null
  readonly noticeId: number | null
  readonly stoppedAt: number | null
  readonly stoppedPids: readonly number[]
  readonly logPath: string | null
  readonly headerBytes: number
  readonly launchedAt: number | null
  readonly agentIdentity: Identity | null
  readonly wrapperIdentity: Identity | null
  readonly mirroredBytes: number
  readonly endedAt: number | null
  /** Null while the run lives. */
  readonly outcome: RunEnd['outcome'] | null
  readonly returnCode: number | null
  readonly cause: string | null
  readonly remedy: string | null
  readonly outputBytes: number | null
  readonly tokensUsed: number | null
  /** As the agent calls it; null: not known (yet). */
  readonly sessionId: string | null
  /** Of this run, as far as the agent told it. */
  readonly usage: Usage | null
  /** In US dollars; null: not known. */
  readonly costUsd: number | null
  readonly turns: number | null
  readonly errorKind: ErrorKind | null
}

/** A run on the record with its long texts. */
export interface RunRecord extends ListedRun {
  readonly prompt: string
  readonly noticeText: string | null
  readonly command: string | null
  /** The last that the agent said; null: nothing, or it is not known. */
  readonly reply: string | null
}

/** What is left of a run that ended. */
export interface EndedRun extends Pick<RunRecord, 'runId' | 'logPath'> {
  readonly endedAt: number
}

/**
 * The record of all runs. Reading and writing are synchronous, and wait for nobody's lock. What cannot be written at once is
 * tried again until it is; whoever reads sees it already.
 */
export interface Ledger extends LedgerNotes, Keys {
  /**
   * Looks for damage in the whole file, off the main thread where that takes long. Where there is any, the file is set aside, and a new one begins. No run may use the ledger before it resolves.
   */
  check(): Promise<void>
  /** Writes an intent. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
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
  unfinished(): RunRecord[]
  /** The tokens of all runs of a session together; null where none is known. */
  usageOf(sessionId: string): Usage | null
  /** How many runs this trigger launched since then. */
  launchedSince(trigger: Trigger, since: number): number
  /** Ended runs, oldest first, for retention. */
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
    const settled = { ...row, ...queue.waiting(subjectOf(String(row.run_id))) }
    // A run ends once: an end that waits behind another one will change nothing.
    if (row.outcome !== null) for (const name of END_COLUMNS) settled[name] = row[name]
    return settled
  }

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
      const columns = intentColumns(intent)
      const names = Object.keys(columns)
      withWriteErrors(() => {
        assertThere()
        db.prepare(
          `INSERT INTO runs (${names.join(', ')}) VALUES (${names.map((name) => `:${name}`).join(', ')})`,
        ).run(columns)
      })
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
          output_bytes = :output_bytes, tokens_used = :tokens_used WHERE run_id = :run_id AND outcome IS NULL`
      // A run ends once, also while its end waits.
      if (queue.waiting(subjectOf(runId)).outcome !== undefined) return
      queue.write(subjectOf(runId), sql, { ...finishColumns(finish), run_id: runId }, written)
    },
    find(runId) {
      const row = db.prepare(`${WHOLE_RUNS} WHERE run_id = ?`).get(runId)
      return row ? toRecord(whole(row)) : null
    },
    list(query) {
      const { sql, values } = selectRuns(query)
      return db
        .prepare(sql)
        .all(values)
        .map((row) => toListed(whole(row)))
    },
    unfinished() {
      const rows = db.prepare(`${WHOLE_RUNS} WHERE outcome IS NULL ORDER BY seq`).all()
      return rows.map((row) => toRecord(whole(row))).filter(({ outcome }) => outcome === null)
    },
    usageOf(sessionId) {
      const row = db.prepare(`${SESSION_USAGE} WHERE session_id = ?`).get(sessionId)
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
        'SELECT run_id, log_path, ended_at FROM runs WHERE outcome IS NOT NULL ORDER BY seq',
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
