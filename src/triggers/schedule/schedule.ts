import { LooperError } from '../../base/errors.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { TablePlan } from '../../record/own-tables.ts'
import type { RunIntent } from '../../record/run-record.ts'
import { SCHEDULE_LIMIT } from './errors.ts'
import { lateness } from './lateness.ts'
import type { ScheduleSettings } from './settings.ts'

/** A run as it was asked for. */
export interface Asked {
  /** What comes on the record when its time has come; its `runId` is that of the run. */
  readonly intent: RunIntent
  /** The body of the request but for its prompt, as JSON. */
  readonly body: string
  /** In milliseconds since the epoch, as all times here. */
  readonly dueAt: number
  /** The run that asks. */
  readonly byRun: string
}

/** A run that waits for its time. */
export interface Scheduled {
  readonly id: number
  readonly runId: string
  readonly byRun: string
  readonly slot: string
  readonly name: string
  readonly dueAt: number
  readonly createdAt: number
  /** So many runs in a row were scheduled, each by the one before; 1: the one that asked was not. */
  readonly depth: number
}

/** The runs that wait for their time, over restarts. */
export interface Schedule {
  /** On the record when this returns. @throws {LooperError} `LOOPER_SCHEDULE_LIMIT`, `LOOPER_LEDGER_UNWRITABLE` */
  add(asked: Asked, now: number): Scheduled
  /** The next one first. */
  waiting(): Scheduled[]
  /** It will not begin; null: none of this id waits. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  cancel(id: number): Scheduled | null
  /**
   * Puts what is due into the line of its slot. In one transaction it stops to wait here and waits there, so it begins
   * once, whatever becomes of the service. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  fire(now: number): Scheduled[]
}

/** Rows of runs that have begun tell how long their chain is. */
export const SCHEDULE_TABLES: TablePlan = {
  owner: 'scheduled',
  migrations: [
    `CREATE TABLE scheduled (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL UNIQUE,
      by_run TEXT NOT NULL,
      slot TEXT NOT NULL,
      name TEXT NOT NULL,
      depth INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      due_at INTEGER NOT NULL,
      fired_at INTEGER,
      intent TEXT,
      body TEXT
    ) STRICT;
    CREATE INDEX scheduled_waiting ON scheduled (due_at) WHERE fired_at IS NULL;
    CREATE TRIGGER runs_take_scheduled AFTER DELETE ON runs BEGIN
      DELETE FROM scheduled WHERE run_id = OLD.run_id;
    END;`,
    // A run that goes on with a scheduled one is as deep: whoever waits for people, or for its limit, begins no chain anew.
    `CREATE TRIGGER runs_hand_on_scheduled AFTER UPDATE OF continued_by ON runs WHEN NEW.continued_by IS NOT NULL BEGIN
      INSERT OR IGNORE INTO scheduled (run_id, by_run, slot, name, depth, created_at, due_at, fired_at)
      SELECT NEW.continued_by, by_run, slot, name, depth, created_at, due_at, fired_at FROM scheduled
      WHERE run_id = NEW.run_id AND fired_at IS NOT NULL;
    END;`,
  ],
}

/** So far back it is looked for. */
const MOST_HOPS = 1000
const WAITING = 'SELECT * FROM scheduled WHERE fired_at IS NULL'

/** The schedule on the record. */
export function openSchedule(
  ledger: Pick<Ledger, 'tablesOf' | 'enqueue' | 'listed'>,
  limits: Omit<ScheduleSettings, 'maxDays'>,
): Schedule {
  const tables = ledger.tablesOf(SCHEDULE_TABLES)
  const waiting = () => tables.rows(`${WAITING} ORDER BY due_at, id`).map(toScheduled)

  /** The depth of a run; that of the scheduled one behind it, where agents asked for those between at once. */
  function depthOf(runId: string): number {
    let next: string | null = runId
    for (let hops = 0; next !== null && hops < MOST_HOPS; hops++) {
      const [row] = tables.rows('SELECT depth FROM scheduled WHERE run_id = :run_id', { run_id: next })
      if (row) return Number(row.depth)
      const [run] = ledger.listed([next])
      next = run?.trigger === 'tool' ? run.caller : null
    }
    return 0
  }

  function assertFits(slot: string, depth: number): void {
    const all = waiting()
    const { maxWaiting, maxPerSlot, maxDepth } = limits
    if (all.length >= maxWaiting) throw limit(`${maxWaiting} runs are scheduled already`)
    if (all.filter((one) => one.slot === slot).length >= maxPerSlot)
      throw limit(`${maxPerSlot} runs are scheduled in slot ${slot} already`)
    if (depth >= maxDepth)
      throw limit(
        `${maxDepth} runs in a row were each scheduled by the one before; a person has to begin anew`,
      )
  }

  return {
    waiting,
    add: ({ intent, body, dueAt, byRun }, now) =>
      tables.change((db) => {
        const depth = depthOf(byRun)
        assertFits(intent.slot, depth)
        const row = db
          .prepare(
            `INSERT INTO scheduled (run_id, by_run, slot, name, depth, created_at, due_at, intent, body)
            VALUES (:run_id, :by_run, :slot, :name, :depth, :created_at, :due_at, :intent, :body) RETURNING *`,
          )
          .get({
            run_id: intent.runId,
            by_run: byRun,
            slot: intent.slot,
            name: intent.name,
            depth: depth + 1,
            created_at: Math.round(now),
            due_at: dueAt,
            intent: JSON.stringify(intent),
            body,
          })
        return toScheduled(Object(row))
      }),
    cancel(id) {
      const found = waiting().find((one) => one.id === id)
      if (found === undefined) return null
      tables.change((db) => db.prepare('DELETE FROM scheduled WHERE id = ?').run(id))
      return found
    },
    fire(now) {
      const isDue = waiting().some(({ dueAt }) => dueAt <= now)
      if (!isDue) return []
      return tables.change((db) => {
        const rows = db.prepare(`${WAITING} AND due_at <= ? ORDER BY due_at, id`).all(now)
        // What it was asked to be stands on the record of its run from now on.
        const done = db.prepare('UPDATE scheduled SET fired_at = ?, intent = NULL, body = NULL WHERE id = ?')
        return rows.map((row) => {
          const fired = toScheduled(row)
          const intent: RunIntent = JSON.parse(String(row.intent))
          const body = lateness(String(row.body), fired.dueAt, now)
          ledger.enqueue({ ...intent, requestedAt: now }, { ifRunning: 'queue', asked: body, place: 'last' })
          done.run(Math.round(now), fired.id)
          return fired
        })
      })
    },
  }
}

const limit = (what: string) => new LooperError(SCHEDULE_LIMIT, what)

const toScheduled = (row: Record<string, unknown>): Scheduled => ({
  id: Number(row.id),
  runId: String(row.run_id),
  byRun: String(row.by_run),
  slot: String(row.slot),
  name: String(row.name),
  dueAt: Number(row.due_at),
  createdAt: Number(row.created_at),
  depth: Number(row.depth),
})
