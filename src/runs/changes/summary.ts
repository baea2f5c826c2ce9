import type { Static } from '../../base/schema.ts'
import type { Changed } from './changed.ts'
import type { CHANGES_SUMMARY } from './schemas.ts'

/** What a run changed, as answers tell it. */
export const changesSummary = (changes: Changed | null): Static<typeof CHANGES_SUMMARY.changes> =>
  changes && {
    head_before: changes.headBefore,
    head_after: changes.headAfter,
    commits: changes.commits,
    files: changes.files,
    added: changes.added,
    removed: changes.removed,
    dirty_before: changes.dirtyBefore,
    dirty_after: changes.dirtyAfter,
    left_out: changes.leftOut,
    is_diff_cut: changes.isDiffCut,
  }
