import type { Worktrees } from '../../src/runs/worktrees/worktrees.ts'

/** For runs that none asks for one. */
export const NO_WORKTREES: Worktrees = {
  dir: '/nowhere',
  assertPossible: async () => undefined,
  open: () => Promise.reject(new Error('nobody makes one here')),
  settle: async (worktree) => worktree,
  sweep: async () => undefined,
  settled: async () => undefined,
}
