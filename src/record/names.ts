import type { DatabaseSync } from 'node:sqlite'
import { nameOf } from '../runs/run-name.ts'

/** As much of a text is looked at; a name stands in its first lines. */
const BEGINNING = 4000

/**
 * Names the runs of an older Looper, which knew none. The names stand beside their runs: a row that holds a prompt of a
 * megabyte would have to be written anew to take one more column. {@link giveNames} comes before.
 */
export const NAMES_MIGRATION = `ALTER TABLE runs ADD COLUMN name TEXT;
  INSERT INTO texts SELECT run_id, 'name',
    run_name(substr(notice_text, 1, ${BEGINNING}), substr(prompt, 1, ${BEGINNING}), request_id) FROM runs;`

/** The name of a run, from wherever it is. */
export const NAME = `coalesce(name,
  (SELECT text FROM texts WHERE texts.run_id = runs.run_id AND texts.name = 'name')) AS name`

/** Lets the migration call runs as they are called now. */
export function giveNames(db: DatabaseSync): void {
  const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
  db.function('run_name', (notice, prompt, requestId) =>
    nameOf(textOrNull(notice), textOrNull(prompt), String(requestId)),
  )
}
