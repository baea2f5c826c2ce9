import { counted, linesChanged } from '../../base/counted.ts'
import type { Snapshot } from './snapshot.ts'

/** A workspace in a git work tree before its run. */
export interface Before extends Snapshot {
  /** The top of the work tree. */
  readonly top: string
}

/** What a run changed in the git work tree of its workspace. */
export interface Changed {
  /** The commit that was checked out before it; null: there was none yet. */
  readonly headBefore: string | null
  /** The same after it. */
  readonly headAfter: string | null
  /** How many commits came between them. */
  readonly commits: number
  /** How many files differ, committed or not; what was so before does not count. */
  readonly files: number
  /** Lines. */
  readonly added: number
  /** Lines. */
  readonly removed: number
  /** How many files differed from the commit before it. */
  readonly dirtyBefore: number
  /** The same after it. */
  readonly dirtyAfter: number
  /** How many files were not looked into. */
  readonly leftOut: number
  /** Whether its diff was too long to be kept as a whole. */
  readonly isDiffCut: boolean
}

/** In a few words: `3 commits, +120 −44`; empty where nothing was changed. */
export function wordsOf({
  commits,
  added,
  removed,
  files,
}: Pick<Changed, 'commits' | 'added' | 'removed' | 'files'>): string {
  if (commits === 0 && files === 0) return ''
  const what = commits > 0 ? counted(commits, 'commit') : counted(files, 'file')
  return `${what}, ${linesChanged({ added, removed })}`
}
