import { counted, linesChanged } from '../base/counted.ts'
import type { RunSummary } from '../runs/run-schemas.ts'

/** What a run changed; a service that is older than this command does not tell it. */
export type Changing = Partial<Pick<RunSummary, 'changes'>>

/** Lines added and removed: `+120 −44`; empty where nothing was changed, or nobody knows. */
export function shortChanges({ changes }: Changing): string {
  if (!changes || changes.files === 0) return ''
  return linesChanged(changes)
}

/** Commits, files, lines, and what was not looked into: `3 commits, 4 files, +120 −44`; empty where nobody knows. */
export function changesText({ changes }: Changing): string {
  if (!changes) return ''
  const { commits, files, left_out } = changes
  const parts = [
    commits > 0 ? counted(commits, 'commit') : '',
    files > 0 ? counted(files, 'file') : '',
    shortChanges({ changes }),
    left_out > 0 ? `${counted(left_out, 'file')} not looked into` : '',
  ]
  return parts.filter((part) => part !== '').join(', ') || 'nothing'
}
