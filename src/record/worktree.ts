import type { SQLInputValue } from 'node:sqlite'

/** A git work tree of its own that a run has. */
export interface Worktree {
  /** The run that had it first: one that goes on in its session goes on in it. */
  readonly id: string
  /** The branch that was made for it. */
  readonly branch: string
  /** Where in it the agent works: as deep as its workspace lies in its repository. */
  readonly workspace: string
  /** Whether it was kept at the end of the run, as something in it would have been lost; null: that end is to come. */
  readonly kept: boolean | null
}

/** What a step says of it. */
export interface WorktreeStep {
  readonly worktree?: Worktree
}

/** What a run on the record has of it. */
export interface WorktreeOnRecord {
  /** Null: it has none of its own, or not yet. */
  readonly worktree: Worktree | null
}

/** As JSON: a path, and some words. */
export const WORKTREE_MIGRATION = 'ALTER TABLE runs ADD COLUMN worktree TEXT;'

/** The column of it. */
export const WORKTREE_COLUMN = 'worktree'

/** As columns. */
export const worktreeColumns = ({ worktree }: WorktreeStep): Record<string, SQLInputValue | undefined> => ({
  worktree: worktree && JSON.stringify(worktree),
})

/** From a row. */
export const worktreeIn = (row: Readonly<Record<string, unknown>>): WorktreeOnRecord => ({
  worktree: typeof row.worktree === 'string' ? JSON.parse(row.worktree) : null,
})
