import { numberOrNull, textOrNull } from '../record/cells.ts'
import type { TablePlan, Tables } from '../record/own-tables.ts'
import { ASK_STATES, type Ask, type AskState } from './ask.ts'
import { ASK_MESSAGES_MIGRATION } from './ask-messages.ts'

/** The table of asks. */
export const ASK_TABLES: TablePlan = {
  owner: 'asks',
  migrations: [
    `CREATE TABLE asks (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      run_id TEXT NOT NULL,
      question TEXT NOT NULL,
      choices TEXT NOT NULL,
      default_answer TEXT,
      deadline_at INTEGER,
      reference TEXT,
      digest TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      state TEXT NOT NULL DEFAULT 'open',
      answer TEXT,
      answered_by TEXT,
      settled_at INTEGER
    ) STRICT;
    CREATE INDEX asks_by_state ON asks (state, seq);`,
    // 1: its run is to be parked, or is; null: it is none of those, or goes on.
    `ALTER TABLE asks ADD COLUMN is_parking INTEGER;
    CREATE INDEX asks_parking ON asks (seq) WHERE is_parking = 1;`,
    // The state that people were told of; null: none yet.
    `ALTER TABLE asks ADD COLUMN told_state TEXT;
    UPDATE asks SET told_state = state;
    CREATE INDEX asks_untold ON asks (seq) WHERE told_state IS NOT state;`,
    // Whether its agent has heard what came of it.
    `ALTER TABLE asks ADD COLUMN is_heard INTEGER NOT NULL DEFAULT 0;
    UPDATE asks SET is_heard = 1 WHERE state <> 'open';
    CREATE INDEX asks_unheard ON asks (run_id, digest) WHERE is_heard = 0;`,
    ASK_MESSAGES_MIGRATION,
  ],
}

/** What came of an ask. */
export type Settlement = Pick<Ask, 'answer' | 'answeredBy'> & {
  readonly state: Exclude<AskState, 'open'>
  readonly settledAt: number
}

/** The asks on the record. Those of a call are written together, or not at all. */
export interface AskRecords {
  find(id: string): Ask | null
  /** Newest first. */
  list(state: AskState | null, limit: number): Ask[]
  /** Oldest first. */
  open(): Ask[]
  /** How many of a run wait, or were not answered since then. */
  unanswered(runId: string, since: number): number
  /** The one of that digest that waits, or of which its agent does not know yet what came of it; null: there is none. */
  unheard(runId: string, digest: string): Ask | null
  /** Those whose runs are to be parked, or are; oldest first. */
  parking(): Ask[]
  /** Those of whose state nobody was told; oldest first. */
  untold(): Ask[]
  /**
   * Adds one, under the first of these ids that is free. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  add(ask: Omit<Ask, 'id' | 'state' | 'answer' | 'answeredBy' | 'settledAt'>, newId: () => string): Ask
  /** Settles one, once: of one that is not open nothing changes. @throws {LooperError} as {@link AskRecords.add} */
  settle(id: string, settlement: Settlement): void
  /** Its run is to be parked. @throws {LooperError} as {@link AskRecords.add} */
  park(id: string): void
  /** People were told that it is in this state. @throws {LooperError} as {@link AskRecords.add} */
  noteTold(id: string, state: AskState): void
  /** Its agent knows what came of it. @throws {LooperError} as {@link AskRecords.add} */
  noteHeard(id: string): void
  /**
   * From now on what the run of that ask asked is of another, which hears what came of it, and parks nobody.
   * @throws {LooperError} as {@link AskRecords.add}
   */
  handOn(ask: Pick<Ask, 'id' | 'runId'>, to: string): void
}

/** So many that are settled are kept. */
const KEPT = 1000

const ADD = `INSERT INTO asks (id, run_id, question, choices, default_answer, deadline_at, reference, digest, asked_at, is_parking)
  VALUES (:id, :run_id, :question, :choices, :default_answer, :deadline_at, :reference, :digest, :asked_at, :is_parking)`
const SETTLE = `UPDATE asks SET state = :state, answer = :answer, answered_by = :answered_by, settled_at = :settled_at
  WHERE id = :id AND state = 'open'`
const FORGET = `DELETE FROM asks WHERE state <> 'open' AND is_parking IS NULL AND seq <= (SELECT max(seq) FROM asks) - ${KEPT}`

/** Asks in their table. */
export function askRecords(tables: Tables): AskRecords {
  const find = (id: string) => tables.rows('SELECT * FROM asks WHERE id = :id', { id }).map(toAsk)[0] ?? null

  return {
    find,
    list(state, limit) {
      const rows =
        state === null
          ? tables.rows('SELECT * FROM asks ORDER BY seq DESC LIMIT :limit', { limit })
          : tables.rows('SELECT * FROM asks WHERE state = :state ORDER BY seq DESC LIMIT :limit', {
              state,
              limit,
            })
      return rows.map(toAsk)
    },
    open: () => tables.rows("SELECT * FROM asks WHERE state = 'open' ORDER BY seq").map(toAsk),
    unanswered(runId, since) {
      const [row] = tables.rows(
        `SELECT count(*) AS count FROM asks WHERE run_id = :run_id
        AND (state = 'open' OR (state = 'expired' AND settled_at >= :since))`,
        { run_id: runId, since: Math.round(since) },
      )
      return Number(row?.count ?? 0)
    },
    unheard: (runId, digest) =>
      tables
        .rows(
          `SELECT * FROM asks WHERE run_id = :run_id AND digest = :digest AND is_heard = 0
          AND state IN ('open', 'answered', 'expired') ORDER BY seq DESC LIMIT 1`,
          { run_id: runId, digest },
        )
        .map(toAsk)[0] ?? null,
    parking: () => tables.rows('SELECT * FROM asks WHERE is_parking = 1 ORDER BY seq').map(toAsk),
    untold: () => tables.rows('SELECT * FROM asks WHERE told_state IS NOT state ORDER BY seq').map(toAsk),
    add(ask, newId) {
      return tables.change((db) => {
        const isTaken = db.prepare('SELECT 1 FROM asks WHERE id = ?')
        let id = newId()
        while (isTaken.get(id)) id = newId()
        db.prepare(ADD).run({
          id,
          run_id: ask.runId,
          question: ask.question,
          choices: JSON.stringify(ask.choices),
          default_answer: ask.defaultAnswer,
          deadline_at: ask.deadlineAt === null ? null : Math.round(ask.deadlineAt),
          reference: ask.reference,
          digest: ask.digest,
          asked_at: Math.round(ask.askedAt),
          is_parking: ask.isParking ? 1 : null,
        })
        db.exec(FORGET)
        return { ...ask, id, state: 'open', answer: null, answeredBy: null, settledAt: null }
      })
    },
    settle(id, { state, answer, answeredBy, settledAt }) {
      tables.change((db) => {
        const values = { id, state, answer, answered_by: answeredBy, settled_at: Math.round(settledAt) }
        db.prepare(SETTLE).run(values)
      })
    },
    park(id) {
      tables.change((db) => {
        db.prepare('UPDATE asks SET is_parking = 1 WHERE id = ?').run(id)
      })
    },
    noteTold(id, state) {
      tables.change((db) => {
        db.prepare('UPDATE asks SET told_state = ? WHERE id = ?').run(state, id)
      })
    },
    noteHeard(id) {
      tables.change((db) => {
        db.prepare('UPDATE asks SET is_heard = 1 WHERE id = ?').run(id)
      })
    },
    handOn({ id, runId }, to) {
      tables.change((db) => {
        db.prepare('UPDATE asks SET is_heard = 1 WHERE id = ?').run(id)
        db.prepare('UPDATE asks SET run_id = ?, is_parking = NULL WHERE run_id = ?').run(to, runId)
      })
    },
  }
}

const toAsk = (row: Readonly<Record<string, unknown>>): Ask => ({
  id: String(row.id),
  runId: String(row.run_id),
  question: String(row.question),
  choices: JSON.parse(String(row.choices)),
  defaultAnswer: textOrNull(row.default_answer),
  deadlineAt: numberOrNull(row.deadline_at),
  reference: textOrNull(row.reference),
  isParking: row.is_parking === 1,
  digest: String(row.digest),
  askedAt: Number(row.asked_at),
  // What is no state is one of somebody's who went on with the file: nothing is asked by it any more.
  state: ASK_STATES.find((state) => state === row.state) ?? 'withdrawn',
  answer: textOrNull(row.answer),
  answeredBy: textOrNull(row.answered_by),
  settledAt: numberOrNull(row.settled_at),
})
