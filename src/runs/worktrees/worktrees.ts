import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { LooperError, messageOf } from '../../base/errors.ts'
import { isAbsence, isDirectory } from '../../base/files.ts'
import type { Worktree } from '../../record/worktree.ts'
import { gitNow, LET_GO_MS, type LookingDeps } from '../changes/looking.ts'
import { createLooks } from '../changes/looks.ts'
import { lock, makeWorktree, sourceOf, type Working } from './make.ts'
import { type Owned, readOwner, repositoryOfOwned, workspaceOf } from './owner-file.ts'
import { settleWorktree } from './settle.ts'

/** The git work trees that runs have of their own, below a directory of Looper's. */
export interface Worktrees {
  readonly dir: string
  /** @throws {LooperError} `LOOPER_ISOLATE_REFUSED` where no work tree can be made of the repository of a workspace */
  assertPossible(workspace: string): Promise<void>
  /**
   * Makes one for a run, or goes on with one that an earlier run had; it is locked.
   * @throws {LooperError} `LOOPER_WORKTREE_FAILED`; nothing of it is left then
   */
  open(runId: string, workspace: string, earlier: Worktree | null): Promise<Worktree>
  /** Keeps it, unlocked, where something in it would be lost, else removes it with its branch. Never rejects: what cannot be looked at is kept. */
  settle(worktree: Worktree): Promise<Worktree>
  /** Does the same with all that no run has that lives. Never rejects. */
  sweep(isLive: (id: string) => boolean): Promise<void>
  /** Resolves when nothing of what was given up is at work any more, as far as that ends soon. Never rejects. */
  settled(): Promise<void>
}

/** Of a run. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MAKE_MS = 60_000
const SETTLE_MS = 20_000
const CHECK_MS = 5000

/** None is made, and none is removed yet. */
export function createWorktrees(deps: LookingDeps): Worktrees {
  const { dir, env, logger } = deps
  const { look, settled } = createLooks(deps.clock, deps.hurry)
  /** By run: what is being made, or works. */
  const open = new Set<string>()

  /** One thing at a time is done with one of them. */
  const within = <T>(id: string, limitMs: number, work: (working: Working) => Promise<T>) =>
    look(id, limitMs, async (signal) => work({ git: gitNow(deps), env, signal }))

  async function settle(id: string): Promise<boolean> {
    const home = path.join(dir, id)
    try {
      return await within(id, SETTLE_MS, async (working) => {
        const owned = await readOwner(home)
        if (owned !== null) return settleWorktree(owned, working)
        // It was made at the moment at which the service ended, or is none.
        await rm(home, { recursive: true, force: true })
        return false
      })
    } catch (error) {
      logger.warn({ worktree: home, error: messageOf(error) }, 'run.worktree.fail')
      return isDirectory(home)
    }
  }

  return {
    dir,

    async assertPossible(workspace) {
      try {
        await within(randomUUID(), CHECK_MS, (working) => sourceOf(workspace, working))
      } catch (error) {
        const why = `'isolate' is "worktree", but ${messageOf(error)}`
        throw new LooperError('LOOPER_ISOLATE_REFUSED', why, { cause: error })
      }
    },

    async open(runId, workspace, earlier) {
      const id = earlier?.id ?? runId
      const home = path.join(dir, id)
      open.add(id)
      try {
        const owned = await within(id, MAKE_MS, async (working) => {
          const known = await readOwner(home)
          if (known && isThere(known)) {
            await lock(known)
            return known
          }
          if (known && (await settleWorktree(known, working)))
            throw new Error(`that of run ${id} is gone, and there are commits on its branch ${known.branch}`)
          return makeWorktree({ id, home, workspace }, working)
        })
        return { id, branch: owned.branch, workspace: workspaceOf(owned), kept: null }
      } catch (error) {
        await settle(id)
        open.delete(id)
        const why = `no work tree could be made of the repository of ${workspace}: ${messageOf(error)}`
        throw new LooperError('LOOPER_WORKTREE_FAILED', why, { cause: error })
      }
    },

    async settle(worktree) {
      const kept = await settle(worktree.id)
      open.delete(worktree.id)
      return { ...worktree, kept }
    },

    async sweep(isLive) {
      const names = await readdir(dir).catch((error: unknown) => {
        if (!isAbsence(error)) logger.warn({ worktree: dir, error: messageOf(error) }, 'run.worktree.fail')
        return []
      })
      for (const id of names) if (ID.test(id) && !open.has(id) && !isLive(id)) await settle(id)
    },

    settled: () => settled(LET_GO_MS),
  }
}

/** Whether somebody can work in it. */
function isThere(owned: Owned): boolean {
  const { top, gitDir } = repositoryOfOwned(owned)
  return owned.isWhole && isDirectory(top) && isDirectory(gitDir) && isDirectory(workspaceOf(owned))
}
