import { Type } from '../../base/schema.ts'
import type { Worktree } from '../../record/worktree.ts'

/** What a run tells of its own work tree. */
export const WORKTREE_SUMMARY = {
  worktree: Type.Union(
    [
      Type.Object({
        path: Type.String({ description: 'Where in it the agent works.' }),
        branch: Type.String(),
        kept: Type.Union([Type.Boolean(), Type.Null()], {
          description:
            'Whether it was kept at the end, as something in it is nowhere else; null: the run has not ended.',
        }),
      }),
      Type.Null(),
    ],
    { description: 'The git work tree that was made for it, where it asked for one.' },
  ),
}

/** As answers tell it. */
export const worktreeAnswer = (worktree: Worktree | null) =>
  worktree && { path: worktree.workspace, branch: worktree.branch, kept: worktree.kept }
