import type { RunRecord } from '../../record/run-record.ts'
import type { Worktree } from '../../record/worktree.ts'
import type { Worktrees } from './worktrees.ts'

/** How a run may be kept apart from the files of its workspace. */
export const ISOLATE = ['worktree'] as const

/** That a run is kept apart from the files of its workspace. */
export interface Isolation {
  /** The work tree of the run in whose session it goes on; null: it gets a new one. */
  readonly earlier: Worktree | null
}

/** What choosing needs. */
export interface IsolationDeps {
  readonly findRun: (runId: string) => Pick<RunRecord, 'workspace' | 'worktree'> | null
  readonly worktrees: Pick<Worktrees, 'dir' | 'assertPossible'>
}

/**
 * Whether a run is kept apart: where it is asked for, and where it goes on with a run of the same workspace that was.
 * @throws {LooperError} `LOOPER_ISOLATE_REFUSED`
 */
export async function chooseIsolation(
  { isolate, resume }: { readonly isolate?: string | null; readonly resume?: string | null },
  workspace: string,
  { findRun, worktrees }: IsolationDeps,
): Promise<Isolation | null> {
  const resumed = resume ? findRun(resume) : null
  const earlier = resumed?.workspace === workspace ? resumed.worktree : null
  if (!isolate && earlier === null) return null
  await worktrees.assertPossible(workspace)
  return { earlier }
}

/** Whether one that waits is to be kept apart, as far as it asked for that. */
export const isolationAsked = (asked: string): Isolation | null =>
  JSON.parse(asked).isolate ? { earlier: null } : null
