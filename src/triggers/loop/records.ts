import type { DatabaseSync } from 'node:sqlite'
import { numberOrNull } from '../../record/cells.ts'
import type { TablePlan, Tables } from '../../record/own-tables.ts'
import type { Verdict } from '../../runs/verify/verdict.ts'
import { type EndCause, NO_ROUNDS, type PauseCause, type Tally } from './governor.ts'
import type { LoopDefinition } from './loop.ts'
import { MEMORY_TABLE } from './memory-versions.ts'
import type { GateWord } from './monitor.ts'

/** What a loop does: nothing yet, about to begin its first round, a round, the wait for the next one, held up, nothing any more. */
export const LOOP_STATES = ['idle', 'starting', 'running', 'waiting', 'paused', 'ended'] as const
/** What a loop does. */
export type LoopState = (typeof LOOP_STATES)[number]

/** What somebody wants of the round that runs: the loop pauses after it, or ends with it now. */
export const WISHES = ['pause', 'stop'] as const
/** What somebody wants of the round that runs. */
export type Wish = (typeof WISHES)[number]

/** How far a loop is. All times are in milliseconds since the epoch. */
export interface Progress {
  readonly state: LoopState
  readonly wish: Wish | null
  /** Why it paused or ended; null: it did not. */
  readonly cause: EndCause | PauseCause | null
  /** The same in a sentence, or what its round waits for before it can begin its run. */
  readonly why: string | null
  /** When it paused or ended, as long as people were not told; null: they need not be. */
  readonly untoldAt: number | null
  readonly startedAt: number | null
  /** Of the round that runs, or was the last one, since its start. */
  readonly iteration: number
  /** Of the round that runs, as soon as that is known. */
  readonly runId: string | null
  readonly tally: Tally
  /** When the next round is due. */
  readonly dueAt: number
  /** What the agent said last in the newest round that went well, also of earlier starts. */
  readonly lastOutput: string
  /** What the monitor printed last. */
  readonly monitorOutput: string
  /** For the next round alone. */
  readonly hint: string
  /** The latest run that went on to its end, whose session the next one may go on in. */
  readonly lastRunId: string | null
}

/** A loop on the record. */
export interface Loop extends Progress {
  readonly name: string
  readonly definition: LoopDefinition
}

/** What is known of a round before anything happens. */
export interface RoundBegin {
  readonly iteration: number
  readonly startedAt: number
  readonly hint: string
}

/** What its steps add, each before its effect. */
export interface RoundSteps {
  /** What the monitor printed for it. */
  readonly monitorOutput: string | null
  readonly gate: GateWord | null
  readonly gateOutput: string | null
  /** The version of the working memory that it was sent; null: that was empty. */
  readonly sentWorking: number | null
  /** Of the request for its run, by which that is found where the service was killed meanwhile. */
  readonly requestId: string | null
  readonly runId: string | null
  readonly prompt: string | null
  /** The commit that is the work tree after it. */
  readonly checkpoint: string | null
  /** Why there is none though there should be, in a sentence. */
  readonly checkpointError: string | null
  readonly endedAt: number | null
  /** What the agent said last. */
  readonly response: string | null
  /** Why it did not go well, in a sentence. */
  readonly error: string | null
  readonly verdict: Verdict | null
  readonly tokens: number
  readonly costUsd: number
  /** Null: nobody can tell. */
  readonly isChanged: boolean | null
}

/** A round on the record. */
export interface Round extends RoundBegin, RoundSteps {
  /** Grows with each round of any loop. */
  readonly id: number
}

/** The loops and their rounds, over restarts. All that writes throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`. */
export interface LoopRecords {
  /** Makes a loop, or changes what it is from its next round on. */
  define(name: string, definition: LoopDefinition): void
  find(name: string): Loop | null
  /** By name. */
  all(): Loop[]
  update(name: string, progress: Partial<Progress>): void
  /** Begins a round. Of a loop, the newest 10,000 rounds are kept, and the newest 1,000 with their prompts. */
  beginRound(name: string, progress: Partial<Progress>, begin: RoundBegin): void
  /** Adds to a round, and to its loop in the same moment. */
  stepRound(name: string, round: Round, steps: Partial<RoundSteps>, progress?: Partial<Progress>): void
  /** The round that has not ended; a loop that runs has one. */
  openRound(name: string): Round | null
  /** Forgets a loop, its rounds and what its memories were. */
  remove(name: string): void
  /** The id of the newest round; null: there was none yet. */
  newestRound(name: string): number | null
  /** The newest round of this number for which there was a run; null: there was none. */
  roundOfNumber(name: string, iteration: number): Round | null
  /** Newest first. @param before only rounds before the one of this id */
  rounds(name: string, page: { readonly limit: number; readonly before: number }): Round[]
}

/** How far a loop and its rounds are stands there as JSON: nobody looks for it but by their names. */
export const LOOP_TABLES: TablePlan = {
  owner: 'loop',
  migrations: [
    `CREATE TABLE loops (
      name TEXT PRIMARY KEY,
      definition TEXT NOT NULL,
      progress TEXT NOT NULL
    ) STRICT;
    CREATE TABLE loop_rounds (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      loop TEXT NOT NULL,
      is_open INTEGER NOT NULL,
      round TEXT NOT NULL
    ) STRICT;
    CREATE INDEX loop_rounds_of ON loop_rounds (loop, id);
    CREATE UNIQUE INDEX loop_rounds_open ON loop_rounds (loop) WHERE is_open = 1;`,
    MEMORY_TABLE,
  ],
}

/** Of a loop that nobody has started. */
export const IDLE: Progress = {
  state: 'idle',
  wish: null,
  cause: null,
  why: null,
  untoldAt: null,
  startedAt: null,
  iteration: 0,
  runId: null,
  tally: NO_ROUNDS,
  dueAt: 0,
  lastOutput: '',
  monitorOutput: '',
  hint: '',
  lastRunId: null,
}

/** Of a round that has just begun. */
export const NO_STEPS: RoundSteps = {
  monitorOutput: null,
  gate: null,
  gateOutput: null,
  sentWorking: null,
  requestId: null,
  runId: null,
  prompt: null,
  checkpoint: null,
  checkpointError: null,
  endedAt: null,
  response: null,
  error: null,
  verdict: null,
  tokens: 0,
  costUsd: 0,
  isChanged: null,
}

const KEPT = 10_000
/** A prompt may hold two memories, and what the monitor and the agent said. */
const KEPT_PROMPTS = 1000
/** The id of the round that is so many before the newest one. */
const BEFORE = 'SELECT id FROM loop_rounds WHERE loop = :loop ORDER BY id DESC LIMIT 1 OFFSET :count'
const FORGET = `DELETE FROM loop_rounds WHERE loop = :loop AND id <= (${BEFORE})`
const FORGET_PROMPT = `UPDATE loop_rounds SET round = json_set(round, '$.prompt', NULL) WHERE id = (${BEFORE})`

/** The loops in these tables. */
export function loopRecords(tables: Tables): LoopRecords {
  const find = (name: string) =>
    tables.rows('SELECT * FROM loops WHERE name = :name', { name }).map(toLoop)[0] ?? null

  function put(db: DatabaseSync, name: string, changes: Partial<Progress>): void {
    const row = db.prepare('SELECT progress FROM loops WHERE name = ?').get(name)
    const progress: Progress = { ...JSON.parse(String(row?.progress)), ...changes }
    db.prepare('UPDATE loops SET progress = ? WHERE name = ?').run(JSON.stringify(progress), name)
  }

  return {
    define(name, definition) {
      const values = { name, definition: JSON.stringify(definition), progress: JSON.stringify(IDLE) }
      const sql = `INSERT INTO loops VALUES (:name, :definition, :progress)
        ON CONFLICT (name) DO UPDATE SET definition = :definition`
      tables.change((db) => db.prepare(sql).run(values))
    },
    find,
    all: () => tables.rows('SELECT * FROM loops ORDER BY name').map(toLoop),
    update(name, progress) {
      tables.change((db) => put(db, name, progress))
    },
    beginRound(name, progress, begin) {
      const round = JSON.stringify({ ...NO_STEPS, ...begin })
      tables.change((db) => {
        db.prepare('INSERT INTO loop_rounds (loop, is_open, round) VALUES (?, 1, ?)').run(name, round)
        db.prepare(FORGET).run({ loop: name, count: KEPT })
        db.prepare(FORGET_PROMPT).run({ loop: name, count: KEPT_PROMPTS })
        put(db, name, progress)
      })
    },
    stepRound(name, { id, ...known }, steps, progress = {}) {
      const round = { ...known, ...steps }
      tables.change((db) => {
        db.prepare('UPDATE loop_rounds SET is_open = ?, round = ? WHERE id = ?').run(
          Number(round.endedAt === null),
          JSON.stringify(round),
          id,
        )
        put(db, name, progress)
      })
    },
    openRound: (name) =>
      tables.rows('SELECT * FROM loop_rounds WHERE loop = :name AND is_open = 1', { name }).map(toRound)[0] ??
      null,
    remove(name) {
      tables.change((db) => {
        db.prepare('DELETE FROM loop_rounds WHERE loop = ?').run(name)
        db.prepare('DELETE FROM loop_memories WHERE loop = ?').run(name)
        db.prepare('DELETE FROM loops WHERE name = ?').run(name)
      })
    },
    newestRound: (name) => {
      const [row] = tables.rows('SELECT max(id) AS id FROM loop_rounds WHERE loop = :name', { name })
      return numberOrNull(row?.id)
    },
    roundOfNumber: (name, iteration) =>
      tables
        .rows(
          `SELECT * FROM loop_rounds WHERE loop = :name AND round ->> 'iteration' = :iteration AND round ->> 'runId' IS NOT NULL
          ORDER BY id DESC LIMIT 1`,
          { name, iteration },
        )
        .map(toRound)[0] ?? null,
    rounds: (name, page) =>
      tables
        .rows('SELECT * FROM loop_rounds WHERE loop = :name AND id < :before ORDER BY id DESC LIMIT :limit', {
          name,
          ...page,
        })
        .map(toRound),
  }
}

function toLoop(row: Record<string, unknown>): Loop {
  const definition: LoopDefinition = JSON.parse(String(row.definition))
  const progress: Progress = JSON.parse(String(row.progress))
  return { name: String(row.name), definition, ...IDLE, ...progress }
}

function toRound(row: Record<string, unknown>): Round {
  const round: RoundBegin & RoundSteps = JSON.parse(String(row.round))
  return { id: Number(row.id), ...NO_STEPS, ...round }
}
