import type { DatabaseSync } from 'node:sqlite'
import type { LedgerQueue } from './queue.ts'
import type { RunIntent, RunRecord } from './run-record.ts'
import { whileUnchanged } from './unchanged.ts'
import { type Columns, withWriteErrors } from './write.ts'

/** How a run waits for its slot. */
export interface Wait {
  /** `coalesce`: it takes the place of what waits in the same way. */
  readonly ifRunning: string
  /** What was asked for, but for the prompt, to be prepared again when its turn comes. */
  readonly asked: string
  readonly place: 'first' | 'last'
}

/** A run that waits, and what was asked for. */
export interface WaitingRun extends RunRecord {
  readonly asked: string
}

/** What a list of slots tells of a run that waits. */
export interface WaitingBrief extends Pick<RunRecord, 'runId' | 'requestId' | 'requestedAt' | 'slot'> {}

/** What waits in a slot, as a whole. */
export interface WaitingSlot {
  readonly slot: string
  readonly count: number
}

/** What waits in a slot, with the first few. */
export interface SlotQueue extends WaitingSlot {
  readonly first: readonly WaitingBrief[]
}

/** The runs that wait for their slots, each in its order; nothing of it is lost with the service. */
export interface WaitingRuns {
  /** Puts a run on the record as one that waits. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  enqueue(intent: RunIntent, wait: Wait): void
  /** Those that wait in a slot, in their order. */
  waitingIn(slot: string, limit: number): WaitingRun[]
  /**
   * What waits in each slot, as {@link WaitingRuns.waitingSlots}, with the first {@link MOST_TOLD} in their order. The same again
   * until something is written: nobody may change it.
   */
  slotQueues(): readonly SlotQueue[]
  /** The runs that wait in a slot in this way. */
  waitingLike(ifRunning: string, slot: string): string[]
  /** The first of a slot that is of none of these agents; null where nothing waits. */
  nextWaiting(slot: string, notOf: readonly string[]): WaitingRun | null
  /** The slots in which something waits, the one that has waited longest first. */
  waitingSlots(): WaitingSlot[]
  /** So many runs of an agent wait, in all slots. */
  waitingOf(agent: string): number
  /** So many runs wait that the agent of this run asked for. */
  waitingFor(runId: string): number
  /** So many wait before it in its slot. */
  waitingBefore(runId: string): number
  /** Puts a run that waits before all others of its slot. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  putFirst(runId: string): void
}

/** So many of a slot are told with it. */
export const MOST_TOLD = 10

/** Whether a row waits: it has a place in the order, and was neither launched nor ended. */
export const IS_WAITING = 'queue_place IS NOT NULL AND launched_at IS NULL AND outcome IS NULL'

/** A place in the order of its slot, how it came there, and what was asked for. */
export const WAITING_MIGRATION = `ALTER TABLE runs ADD COLUMN queue_place INTEGER;
  ALTER TABLE runs ADD COLUMN if_running TEXT;
  ALTER TABLE runs ADD COLUMN asked TEXT;
  CREATE INDEX runs_waiting ON runs (slot, queue_place) WHERE ${IS_WAITING};`

/** Both are read from the index alone: SQLite would take that of the outcomes, and look at each run that waits. */
const WAITING_SLOTS = `SELECT slot, count(*) AS count, min(seq) AS oldest FROM runs INDEXED BY runs_waiting
  WHERE ${IS_WAITING} GROUP BY slot ORDER BY oldest`
const FIRST_WAITING = `SELECT run_id, request_id, requested_at, slot, queue_place, launched_at, outcome
  FROM (SELECT value AS its_slot FROM json_each(:slots)) JOIN runs ON seq IN (
    SELECT seq FROM runs INDEXED BY runs_waiting WHERE slot = its_slot AND ${IS_WAITING} ORDER BY queue_place LIMIT :limit
  ) ORDER BY queue_place, seq`

const inSlot = (what: string, more = '') =>
  `(SELECT ${what} FROM runs WHERE slot = :slot AND ${IS_WAITING} ${more})`
const LAST = inSlot('coalesce(max(queue_place), 0) + 1')
const PLACES = {
  first: inSlot('coalesce(min(queue_place), 0) - 1'),
  last: LAST,
  taken: `coalesce(${inSlot('min(queue_place)', "AND if_running = 'coalesce'")}, ${LAST})`,
}
/** Of how many the first that really waits is looked for: an end may wait to be written. */
const LOOKED_AT = 50

/** What the runs that wait are kept with. */
export interface WaitingDeps {
  readonly db: () => DatabaseSync
  readonly queue: Pick<LedgerQueue, 'isEmpty'>
  /** Rows of runs, by a condition, as they will be when everything is written. */
  readonly select: (condition: string, values: Columns) => Record<string, unknown>[]
  /** A row of runs, as it will be when everything is written. */
  readonly whole: (row: Record<string, unknown>) => Record<string, unknown>
  readonly toRecord: (row: Record<string, unknown>) => RunRecord
  /** Adds a row of runs. @throws {LooperError} */
  readonly insert: (columns: Columns, expressions: Readonly<Record<string, string>>) => void
  readonly columnsOf: (intent: RunIntent) => Columns
}

/** The runs that wait in whichever database is open now. */
export function waitingIn({
  db,
  queue,
  select,
  whole,
  toRecord,
  insert,
  columnsOf,
}: WaitingDeps): WaitingRuns {
  const toWaiting = (row: Record<string, unknown>): WaitingRun => ({
    ...toRecord(row),
    asked: String(row.asked),
  })
  const find = (condition: string, values: Columns) =>
    select(`${condition} AND ${IS_WAITING} ORDER BY queue_place, seq LIMIT :limit`, values)
      .map(toWaiting)
      .filter(({ isWaiting }) => isWaiting)

  function waitingSlots(): WaitingSlot[] {
    const rows = db().prepare(WAITING_SLOTS).all()
    return rows.map(({ slot, count }) => ({ slot: String(slot), count: Number(count) }))
  }

  /** At the cost of those that are told. */
  function firstOf(slots: readonly WaitingSlot[]): WaitingBrief[] {
    const names = JSON.stringify(slots.map(({ slot }) => slot))
    const rows = db().prepare(FIRST_WAITING).all({ slots: names, limit: MOST_TOLD })
    const settled = rows.map(whole).filter((row) => row.launched_at === null && row.outcome === null)
    return settled.map((row) => ({
      runId: String(row.run_id),
      requestId: String(row.request_id),
      requestedAt: Number(row.requested_at),
      slot: String(row.slot),
    }))
  }

  return {
    enqueue(intent, { ifRunning, asked, place }) {
      const columns = { ...columnsOf(intent), if_running: ifRunning, asked }
      insert(columns, { queue_place: PLACES[ifRunning === 'coalesce' ? 'taken' : place] })
    },
    waitingIn: (slot, limit) => find('slot = :slot', { slot, limit }),
    slotQueues: whileUnchanged(db, queue.isEmpty, () => {
      const slots = waitingSlots()
      const first = Map.groupBy(firstOf(slots), ({ slot }) => slot)
      return slots.map(({ slot, count }) => ({ slot, count, first: first.get(slot) ?? [] }))
    }),
    waitingLike(ifRunning, slot) {
      const condition = `slot = :slot AND if_running = :if_running AND ${IS_WAITING}`
      return select(condition, { slot, if_running: ifRunning }).map(({ run_id }) => String(run_id))
    },
    nextWaiting(slot, notOf) {
      const isOther = 'agent NOT IN (SELECT value FROM json_each(:not_of))'
      const values = { slot, not_of: JSON.stringify(notOf), limit: LOOKED_AT }
      return find(`slot = :slot AND ${isOther}`, values)[0] ?? null
    },
    waitingSlots,
    waitingOf(agent) {
      const row = db()
        .prepare(`SELECT count(*) AS count FROM runs WHERE agent = ? AND ${IS_WAITING}`)
        .get(agent)
      return Number(row?.count)
    },
    waitingFor(runId) {
      const row = db()
        .prepare(`SELECT count(*) AS count FROM runs WHERE trigger = 'tool' AND caller = ? AND ${IS_WAITING}`)
        .get(runId)
      return Number(row?.count)
    },
    waitingBefore(runId) {
      const row = db()
        .prepare(
          `SELECT count(*) AS count FROM runs JOIN (SELECT slot AS its_slot, queue_place AS its_place, seq AS its_seq FROM runs WHERE run_id = ?)
          WHERE slot = its_slot AND (queue_place, seq) < (its_place, its_seq) AND ${IS_WAITING}`,
        )
        .get(runId)
      return Number(row?.count)
    },
    putFirst(runId) {
      withWriteErrors(() => {
        db()
          .prepare(
            `UPDATE runs SET queue_place = ${PLACES.first.replace(':slot', 'its.slot')}
              FROM (SELECT slot FROM runs WHERE run_id = :run_id) AS its WHERE run_id = :run_id AND ${IS_WAITING}`,
          )
          .run({ run_id: runId })
      })
    },
  }
}
