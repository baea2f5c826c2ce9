import { copyFile, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Git } from '../changes/git.ts'
import { headOf } from '../changes/head.ts'
import { repositoryOf } from '../changes/repository.ts'
import { type Shadow, shadowOf } from '../changes/shadow.ts'
import { type Owned, repositoryOfOwned, workspaceOf, writeOwner } from './owner-file.ts'

/** What making and looking needs, for as long as the signal lets it. */
export interface Working {
  readonly git: Git
  /** The environment of the owner. */
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The repository of a workspace, and the commit that is checked out there. @throws {Error} saying why no work tree can be made of it */
export async function sourceOf(workspace: string, { git, env, signal }: Working) {
  const repository = await repositoryOf(workspace, env.GIT_CEILING_DIRECTORIES)
  if (repository === null) throw new Error(`${workspace} lies in no git work tree`)
  const base = await headOf(repository, git, signal)
  if (base === null) throw new Error(`the repository ${repository.top} has no commit yet`)
  return { ...repository, base }
}

/**
 * Makes a work tree, and a branch for it, with the commit that is checked out in the workspace. Nothing of the repository is
 * run: its files are written by a git that knows no filters, and hooks are off.
 * @throws {Error} where it cannot be made; what there is of it by then is the owner's to remove
 */
export async function makeWorktree(
  { id, home, workspace }: Pick<Owned, 'id' | 'home'> & { readonly workspace: string },
  working: Working,
): Promise<Owned> {
  const { git, signal } = working
  const { top, gitDir, commonDir, base } = await sourceOf(workspace, working)
  const below = path.relative(top, workspace)
  const branch = `looper/${id}`
  const owned: Owned = { id, home, commonDir, branch, base, below, isWhole: false }
  await mkdir(home, { recursive: true, mode: 0o700 })
  await writeOwner(owned)
  const tree = repositoryOfOwned(owned)
  const lock = ['--lock', '--reason', LOCK]
  const args = ['worktree', 'add', '-q', '--no-checkout', ...lock, '-b', branch, tree.top, base]
  await git({ args: [`--git-dir=${gitDir}`, ...args], signal })
  await withShadow(owned, working, async (shadow, dir) => {
    await shadow.git(['read-tree', '--reset', '-u', base])
    await copyFile(path.join(dir, 'index'), path.join(tree.gitDir, 'index'))
  })
  await mkdir(workspaceOf(owned), { recursive: true })
  if ((await realpath(workspaceOf(owned))) !== path.join(await realpath(tree.top), below))
    throw new Error(`${below} leads out of the work tree`)
  const whole = { ...owned, isWhole: true }
  await writeOwner(whole)
  return whole
}

const LOCK = 'a run of Looper works in it'

/** Git does not remove it until {@link unlock}. */
export const lock = (owned: Owned): Promise<void> => writeFile(lockOf(owned), `${LOCK}\n`)

/** It is its owner's. */
export const unlock = (owned: Owned): Promise<void> => rm(lockOf(owned), { force: true })

const lockOf = (owned: Owned) => path.join(repositoryOfOwned(owned).gitDir, 'locked')

/** Looks at a work tree from behind a directory that is gone afterwards; see `shadow.ts`. */
export async function withShadow<T>(
  owned: Owned,
  { git, env, signal }: Working,
  work: (shadow: Shadow, dir: string) => Promise<T>,
): Promise<T> {
  const dir = path.join(owned.home, 'shadow')
  try {
    const looking = { git, repository: repositoryOfOwned(owned), dir, owner: env, signal }
    return await work(await shadowOf(looking), dir)
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}
