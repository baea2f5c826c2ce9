import { once } from 'node:events'
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../base/errors.ts'
import { isFile } from '../base/files.ts'
import { BUDGET_MIGRATION, NEAR_MIGRATION } from './budget.ts'
import { CHANGES_MIGRATION } from './changes.ts'
import { isBroken, isTemporary } from './errors.ts'
import { HOLDS_MIGRATION } from './holds.ts'
import { KEYS_MIGRATION } from './keys.ts'
import { giveNames, NAMES_MIGRATION } from './names.ts'
import { DIRECT_MIGRATION, OUTBOX_MIGRATION } from './outbox.ts'
import { BY_SESSION_MIGRATION, LEFT_SESSIONS_MIGRATION } from './remains.ts'
import { RUN_TOKEN_MIGRATION } from './run-token.ts'
import { SAID_MIGRATION } from './said.ts'
import { SILENCE_MIGRATION } from './silence.ts'
import { SPENDING_MIGRATION } from './spending.ts'
import { ASKED_MIGRATION, LONG_TEXTS_MIGRATION, REPLY_MIGRATION } from './texts.ts'
import { VERIFY_MIGRATION } from './verify.ts'
import { WAITING_MIGRATION } from './waiting.ts'
import { WORKTREE_MIGRATION } from './worktree.ts'

/** The ledger cannot be used as it is, and setting it aside would lose something. */
export class LedgerError extends Error {}

/** Each entry brings the schema one version further; entries are never changed once released. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    trigger TEXT NOT NULL,
    agent TEXT NOT NULL,
    workspace TEXT NOT NULL,
    prompt TEXT NOT NULL,
    binary TEXT NOT NULL,
    timeout_ms INTEGER NOT NULL,
    stall_ms INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    announced_at INTEGER,
    notice TEXT,
    stopped_at INTEGER,
    stopped_pids TEXT,
    command TEXT,
    log_path TEXT,
    header_bytes INTEGER,
    launched_at INTEGER,
    boot_id TEXT,
    agent_pid INTEGER,
    agent_start TEXT,
    wrapper_pid INTEGER,
    wrapper_start TEXT,
    mirrored_bytes INTEGER,
    ended_at INTEGER,
    outcome TEXT,
    return_code INTEGER,
    cause TEXT,
    output_bytes INTEGER,
    tokens_used INTEGER
  ) STRICT;
  CREATE INDEX runs_unfinished ON runs (seq) WHERE outcome IS NULL;
  CREATE INDEX runs_by_trigger ON runs (trigger, launched_at);
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  `ALTER TABLE runs ADD COLUMN caller TEXT;
  CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    status INTEGER,
    body TEXT
  ) STRICT;`,
  // Each holds seq as its last column, so that a filtered list needs no sorting.
  `DROP INDEX runs_unfinished;
  CREATE INDEX runs_by_outcome ON runs (outcome);
  CREATE INDEX runs_of_trigger ON runs (trigger);
  CREATE INDEX runs_by_workspace ON runs (workspace);
  CREATE INDEX runs_by_request_time ON runs (requested_at);`,
  `ALTER TABLE runs ADD COLUMN notice_id INTEGER;
  ALTER TABLE runs ADD COLUMN notice_text TEXT;`,
  KEYS_MIGRATION,
  // Numbers from outside that were written as they came, and that Node cannot read again.
  `UPDATE runs SET tokens_used = NULL WHERE tokens_used NOT BETWEEN -9007199254740991 AND 9007199254740991;
  UPDATE runs SET notice_id = NULL WHERE notice_id NOT BETWEEN -9007199254740991 AND 9007199254740991;
  UPDATE runs SET return_code = NULL WHERE return_code NOT BETWEEN -9007199254740991 AND 9007199254740991;`,
  LONG_TEXTS_MIGRATION,
  NAMES_MIGRATION,
  // What a failed run's list needs beside the index on outcomes: see EXITED_BADLY in ledger-query.ts.
  `ALTER TABLE runs ADD COLUMN remedy TEXT;
  CREATE INDEX runs_failed ON runs (outcome) WHERE outcome = 'exited' AND return_code IS NOT 0;`,
  SAID_MIGRATION + REPLY_MIGRATION,
  `ALTER TABLE runs ADD COLUMN slot TEXT NOT NULL DEFAULT 'default';
  ALTER TABLE runs ADD COLUMN shares_workspace INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX runs_by_slot ON runs (slot);`,
  WAITING_MIGRATION,
  VERIFY_MIGRATION,
  BY_SESSION_MIGRATION,
  LEFT_SESSIONS_MIGRATION,
  OUTBOX_MIGRATION,
  BUDGET_MIGRATION,
  CHANGES_MIGRATION,
  HOLDS_MIGRATION + ASKED_MIGRATION,
  SILENCE_MIGRATION,
  SPENDING_MIGRATION + NEAR_MIGRATION,
  WORKTREE_MIGRATION,
  RUN_TOKEN_MIGRATION,
  DIRECT_MIGRATION,
]

/** While the service starts, nobody is kept waiting. */
const START_LOCK_LIMIT_MS = 2000

/** Checked in less time than a thread takes to start. */
const SMALL_BYTES = 1_048_576
const CHECK = path.join(import.meta.dirname, 'check.js')

/**
 * Opens the file, makes it where there is none, and brings it up to date. One that is no database, or broken where that
 * shows at once, is set aside.
 * @throws {LedgerError} where the file is from a newer Looper or cannot be written; another error where somebody holds its
 * lock, or its disk is full
 */
export function openDatabase(file: string, tell: (message: string) => void): DatabaseSync {
  // A pipe would be waited for.
  if (existsSync(file) && !isFile(file))
    throw new LedgerError(
      `cannot open the ledger ${file}: it is not a file; move it away, or set LOOPER_DB_PATH`,
    )
  try {
    return migrated(file)
  } catch (error) {
    if (isBroken(error)) return beginAnew(file, messageOf(error), tell)
    if (error instanceof LedgerError) throw error
    const what = `cannot open the ledger ${file}: ${messageOf(error)}`
    // A lock is given back, and a disk gets room again: that is no wrong setting, and starting again may help.
    if (isTemporary(error)) throw new Error(`${what}; try again`, { cause: error })
    throw new LedgerError(`${what}; fix it, or set LOOPER_DB_PATH`, { cause: error })
  }
}

/** Sets a broken file aside, which nobody has open, and opens a new one. */
export function beginAnew(file: string, damage: string, tell: (message: string) => void): DatabaseSync {
  const aside = `${file}.broken-${new Date().toISOString().replaceAll(':', '-')}`
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(file + part)) renameSync(file + part, aside + part)
  }
  tell(`the ledger was broken (${damage}); it is set aside as ${aside}, and a new one begins`)
  return migrated(file)
}

/** What is broken somewhere in the file; null where nothing is. Reads all of it, a large one in a thread of its own. */
export async function damageOf(db: DatabaseSync, file: string): Promise<string | null> {
  try {
    const found =
      statSync(file).size <= SMALL_BYTES
        ? db.prepare('PRAGMA quick_check(1)').get()?.quick_check
        : (await once(new Worker(CHECK, { workerData: file }), 'message'))[0]
    return found === 'ok' ? null : String(found)
  } catch (error) {
    if (isBroken(error)) return messageOf(error)
    throw error
  }
}

/** Writes what stands there already: throws where the file, its journal or its disk takes nothing. */
export function writeNothing(db: DatabaseSync): void {
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
}

function migrated(file: string): DatabaseSync {
  // Prompts may be private: it is its owner's alone, and so is what SQLite lays beside it.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const db = new DatabaseSync(file)
  try {
    db.exec(`PRAGMA busy_timeout = ${START_LOCK_LIMIT_MS}`)
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
    if (version > MIGRATIONS.length) {
      throw new LedgerError(
        `the ledger ${file} was made by a newer Looper (version ${version}, this one knows ${MIGRATIONS.length}); ` +
          'update Looper, or set LOOPER_DB_PATH',
      )
    }
    // Not before that: the journal's mode is written into the file. NORMAL: a power cut may take the last steps, a crash
    // of the service takes none.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    giveNames(db)
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index >= version) db.exec(`BEGIN; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`)
    }
    // A database of something else is no ledger.
    db.prepare('SELECT seq FROM runs WHERE outcome IS NULL').get()
    // Says now, not in the middle of a run, whether it can be written.
    writeNothing(db)
    // From now on somebody else's lock would stop the whole service, not only the work that needs it.
    db.exec('PRAGMA busy_timeout = 0')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
