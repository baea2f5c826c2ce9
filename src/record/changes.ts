import type { SQLInputValue } from 'node:sqlite'
import type { Before, Changed } from '../runs/changes/changed.ts'

/** What a step says of it. */
export interface ChangesStep {
  /** How its workspace was before it, where that is a git work tree. */
  readonly workTree?: Before
  /** What it changed there. */
  readonly changes?: Changed
}

/** What a run on the record has of it. */
export interface ChangesOnRecord {
  /** How its workspace was before it; null: it is no git work tree, or nobody could look. */
  readonly workTree: Before | null
  /** What it changed there; null while it lives, and where nobody could say. */
  readonly changes: Changed | null
}

/** Each as JSON: two paths at most, and some numbers. */
export const CHANGES_MIGRATION = `ALTER TABLE runs ADD COLUMN work_tree TEXT;
  ALTER TABLE runs ADD COLUMN changes TEXT;`

/** The columns of it. */
export const CHANGES_COLUMNS = ['work_tree', 'changes'] as const

/** As columns. */
export const changesColumns = ({
  workTree,
  changes,
}: ChangesStep): Record<string, SQLInputValue | undefined> => ({
  work_tree: workTree && JSON.stringify(workTree),
  changes: changes && JSON.stringify(changes),
})

/** From a row. */
export const changesIn = (row: Readonly<Record<string, unknown>>): ChangesOnRecord => ({
  workTree: typeof row.work_tree === 'string' ? JSON.parse(row.work_tree) : null,
  changes: typeof row.changes === 'string' ? JSON.parse(row.changes) : null,
})
