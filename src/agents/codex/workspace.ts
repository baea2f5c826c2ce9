import { existsSync } from 'node:fs'
import path from 'node:path'
import { isDirectory } from '../../base/files.ts'
import { isRealCodex } from './program.ts'

/**
 * Why codex would surely refuse to work in a directory, in a sentence; null where it would not, or nobody can know, as for a
 * script of the owner's that stands for codex.
 */
export function refusalOf(workspace: string, program: string): string | null {
  if (isInRepository(workspace) || !isRealCodex(program)) return null
  return `workspace is no git repository, so codex refuses to work there: ${workspace}; run "git init" in it`
}

/**
 * Whether a directory is or lies in a git repository as `codex exec` 0.169 sees it, which refuses all others, also bare ones,
 * those that `GIT_DIR` names and those that its own settings trust: there is a `.git` in it or above it, which is no
 * directory, or one with a HEAD.
 */
export function isInRepository(workspace: string): boolean {
  const git = path.join(workspace, '.git')
  if (existsSync(git) && (existsSync(path.join(git, 'HEAD')) || !isDirectory(git))) return true
  const above = path.dirname(workspace)
  return above !== workspace && isInRepository(above)
}
