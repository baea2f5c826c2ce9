import { readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { diffPathOf } from '../../logs/diff-path.ts'
import type { Before, Changed } from './changed.ts'
import { commitsSince, type Difference, differenceOf, NO_DIFFERENCE } from './compare.ts'
import { textOf } from './diff-file.ts'
import { gitNow, LET_GO_MS, type LookingDeps } from './looking.ts'
import { createLooks, LookTimeout } from './looks.ts'
import { type Repository, repositoryAt, repositoryOf } from './repository.ts'
import { shadowOf } from './shadow.ts'
import { createSlowRepositories } from './slow-repositories.ts'
import { snapshotOf, stage } from './snapshot.ts'

/** Looks what runs change in git work trees. It writes nothing to a repository, and runs no program that one names. */
export interface Changes {
  /**
   * Looks at a workspace before its run, in three seconds at most; null where that is no git work tree, there is no git, or it
   * takes longer, and at once where it took longer within the last ten minutes. Never rejects.
   */
  before(runId: string, workspace: string): Promise<Before | null>
  /** Looks at it after the run, in ten seconds at most, and keeps the diff beside the log; null where nobody can say. Never rejects. */
  after(runId: string, before: Before, logPath: string): Promise<Changed | null>
  /** What a live run has changed so far. @throws {Error} where git cannot tell */
  now(runId: string, before: Before): Promise<Difference>
  /** Gives up a look at a workspace whose run is not launched. Never rejects. */
  forget(runId: string): Promise<void>
  /** Removes what is kept of runs that do not live. Never rejects. */
  tidy(isLive: (runId: string) => boolean): Promise<void>
  /** Resolves when nothing of its looks is at work any more, as far as that ends soon. Never rejects. */
  settled(): Promise<void>
}

/** What looking needs: the directory is for what is kept until a run has ended. */
export interface ChangesDeps extends LookingDeps {
  readonly limits?: typeof LIMITS
}

/** How long looks may take, in milliseconds: before a run, after it, and of one that lives. */
export const LIMITS = { beforeMs: 3000, afterMs: 10_000, nowMs: 20_000 }

/** Nothing was looked at yet. */
export function createChanges(deps: ChangesDeps): Changes {
  const { dir, git, env, clock, logger, limits = LIMITS } = deps
  const { look, settled } = createLooks(clock, deps.hurry)
  const slow = createSlowRepositories(clock)
  const asked = new Map<string, Promise<Difference>>()
  const dirOf = (runId: string) => path.join(dir, runId)

  async function shadow(runId: string, repository: Repository, signal: AbortSignal) {
    return shadowOf({ git: gitNow(deps), repository, dir: dirOf(runId), owner: env, signal })
  }

  /** What is different now. */
  async function compare(runId: string, before: Before, signal: AbortSignal) {
    const repository = await repositoryAt(before.top)
    if (repository === null) throw new Error(`${before.top} is no git work tree any more`)
    const shade = await shadow(runId, repository, signal)
    const staged = await stage(shade, before.top)
    const isSame = before.tree === shade.head && staged.dirty === 0
    const difference = isSame ? NO_DIFFERENCE : await differenceOf(shade, before.tree)
    return { shade, staged, difference }
  }

  const remove = (runId: string) =>
    // What was ended at this moment may still write there.
    rm(dirOf(runId), { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined)
  const failed = (runId: string, error: unknown) => {
    logger.warn({ run_id: runId, error: messageOf(error) }, 'run.changes.fail')
    return null
  }

  return {
    async before(runId, workspace) {
      if (git() === null) return null
      let looked: string | null = null
      return look(runId, limits.beforeMs, async (signal) => {
        let isKept = false
        try {
          const repository = await repositoryOf(workspace, env.GIT_CEILING_DIRECTORIES)
          if (repository === null) return null
          const { top, commonDir } = repository
          slow.assertNone(commonDir)
          looked = commonDir
          const snapshot = await snapshotOf(await shadow(runId, repository, signal), top)
          // What is a commit, the repository keeps.
          isKept = snapshot.tree !== snapshot.head
          return { ...snapshot, top }
        } finally {
          if (!isKept) await remove(runId)
        }
      }).catch((error: unknown) => {
        if (looked !== null && error instanceof LookTimeout) slow.add(looked)
        return failed(runId, error)
      })
    },

    after(runId, before, logPath) {
      return look(runId, limits.afterMs, async (signal) => {
        try {
          const { shade, staged, difference } = await compare(runId, before, signal)
          const { files, added, removed, isCut } = difference
          const commits = await commitsSince(shade, before.head)
          const file = diffPathOf(logPath)
          await rm(file, { force: true })
          await writeFile(file, textOf(difference), { mode: 0o600, flag: 'wx' })
          return {
            headBefore: before.head,
            headAfter: shade.head,
            commits,
            files,
            added,
            removed,
            dirtyBefore: before.dirty,
            dirtyAfter: staged.dirty,
            leftOut: Math.max(before.leftOut, staged.leftOut),
            isDiffCut: isCut,
          }
        } finally {
          await remove(runId)
        }
      }).catch((error: unknown) => failed(runId, error))
    },

    now(runId, before) {
      const known = asked.get(runId)
      if (known) return known
      const found = look(
        runId,
        limits.nowMs,
        async (signal) => (await compare(runId, before, signal)).difference,
      )
      asked.set(runId, found)
      return found.finally(() => asked.delete(runId))
    },

    async forget(runId) {
      await look(runId, limits.nowMs, () => remove(runId)).catch(() => undefined)
    },

    async tidy(isLive) {
      const kept = await readdir(dir).catch(() => [])
      await Promise.all(kept.filter((runId) => !isLive(runId)).map(remove))
    },

    settled: () => settled(LET_GO_MS),
  }
}
