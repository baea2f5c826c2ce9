import path from 'node:path'
import type { DiskSource } from './source.ts'
import { entriesIn, sizeWith } from './walk.ts'

/** The git work trees that runs have of their own. None of them may go: what nobody would miss is removed at the end of its run. */
export function worktreesSource(dir: string): DiskSource {
  return {
    name: 'worktrees',
    async measure({ runs }) {
      const known = new Map(runs.map((run) => [run.runId, run]))
      const remnants = []
      for await (const { file, stats } of entriesIn(dir, (name) => name)) {
        // A file or a link is none.
        if (!stats?.isDirectory()) continue
        const run = known.get(path.basename(file)) ?? null
        const { bytes, writtenAt } = await sizeWith(file, stats)
        remnants.push({
          what: file,
          runId: run?.runId ?? null,
          bytes,
          at: run?.endedAt ?? writtenAt,
          session: null,
          kept: run && run.endedAt === null ? ('live' as const) : ('unmerged' as const),
        })
      }
      return { bytes: remnants.reduce((sum, { bytes }) => sum + bytes, 0), remnants }
    },
    remove: async () => false,
  }
}
