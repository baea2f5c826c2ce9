import { rm } from 'node:fs/promises'
import { isDirectory } from '../../base/files.ts'
import { statusOf } from '../changes/status.ts'
import { unlock, type Working, withShadow } from './make.ts'
import { type Owned, repositoryOfOwned } from './owner-file.ts'

/**
 * Removes a work tree in which nothing would be lost, with its branch, and unlocks any other one; tells whether it is kept.
 * @throws {Error} where git cannot say
 */
export async function settleWorktree(owned: Owned, working: Working): Promise<boolean> {
  if (owned.isWhole && (await isNeeded(owned, working))) {
    await unlock(owned)
    return true
  }
  await removeWorktree(owned, working)
  return false
}

/** Whether something in it is nowhere else: files that differ, or commits. What is ignored does not count. */
async function isNeeded(owned: Owned, working: Working): Promise<boolean> {
  const { top, gitDir } = repositoryOfOwned(owned)
  const branch = await tipOf(owned, working)
  // Somebody removed it; commits are on its branch still.
  if (!isDirectory(top) || !isDirectory(gitDir)) return branch !== null && hasMore([branch], owned, working)
  return withShadow(owned, working, async (shadow) => {
    if ((await statusOf(shadow)).output.length > 0) return true
    const tips = [shadow.head, branch].filter((tip) => tip !== null)
    return hasMore(tips, owned, working)
  })
}

/** Whether these commits are not all on other branches and tags. */
async function hasMore(tips: readonly string[], owned: Owned, { git, signal }: Working): Promise<boolean> {
  const { commonDir, branch, base } = owned
  const others = ['--single-worktree', '--not', base, `--exclude=refs/heads/${branch}`, '--all']
  const args = [`--git-dir=${commonDir}`, 'rev-list', '--max-count=1', ...tips, ...others]
  return (await git({ args, signal })).output.length > 0
}

async function tipOf({ commonDir, branch }: Owned, { git, signal }: Working): Promise<string | null> {
  const args = [`--git-dir=${commonDir}`, 'rev-parse', '-q', '--verify', `refs/heads/${branch}`]
  const tip = (await git({ args, signal })).output.toString().trim()
  return tip === '' ? null : tip
}

/** Removes it, whatever is in it; what is gone already, is. @throws {Error} where something of it stays */
async function removeWorktree(owned: Owned, working: Working): Promise<void> {
  const { top, gitDir, commonDir } = repositoryOfOwned(owned)
  await rm(top, { recursive: true, force: true, maxRetries: 5 })
  await rm(gitDir, { recursive: true, force: true })
  if (isDirectory(commonDir) && (await tipOf(owned, working)) !== null) {
    const args = [`--git-dir=${commonDir}`, 'branch', '-q', '-D', owned.branch]
    await working.git({ args, signal: working.signal })
  }
  // Last: until then, whoever starts next knows of it.
  await rm(owned.home, { recursive: true, force: true })
}
