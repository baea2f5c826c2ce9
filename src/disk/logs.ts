import { rm } from 'node:fs/promises'
import path from 'node:path'
import { besideLog, runLogOf } from '../logs/log-parts.ts'
import type { RunRemains } from '../record/remains.ts'
import { keptAfter } from './keep.ts'
import type { DiskSource, Facts, Remnant } from './source.ts'
import { entriesIn, lookAt } from './walk.ts'

/** A log with what lies beside it. */
interface Found {
  bytes: number
  writtenAt: number
}

/** The logs of runs in their directory, each with what lies beside it. Files of other names are none of them. */
export function logsSource(dir: string): DiskSource {
  return {
    name: 'logs',
    async measure(facts) {
      const found = new Map<string, Found>()
      let bytes = 0
      for await (const { meaning: log, stats } of entriesIn(dir, runLogOf)) {
        // A link or a directory of such a name is nobody's log.
        if (!stats?.isFile()) continue
        const so = found.get(log) ?? { bytes: 0, writtenAt: 0 }
        so.bytes += stats.size
        so.writtenAt = Math.max(so.writtenAt, stats.mtimeMs)
        found.set(log, so)
        bytes += stats.size
      }
      return { bytes, remnants: remnantsOf(found, dir, facts) }
    },
    async remove({ what }) {
      // What lies beside it would be found without it: a log of its name.
      await Promise.all([what, ...besideLog(what)].map(removeFile))
      return true
    },
  }
}

/** Links and directories stay. */
async function removeFile(file: string): Promise<void> {
  const stats = await lookAt(file)
  if (stats?.isFile()) await rm(file, { force: true })
}

function remnantsOf(found: ReadonlyMap<string, Found>, dir: string, facts: Facts): Remnant[] {
  const runs = new Map<string, RunRemains>()
  /** The log of a launch may be there before its path is on the record. */
  const begun = new Set<string>()
  for (const run of facts.runs) {
    if (run.logPath !== null) runs.set(run.logPath, run)
    if (run.endedAt === null) begun.add(run.requestId)
  }
  return [...found].map(([name, { bytes, writtenAt }]) => {
    const what = path.join(dir, name)
    const run = runs.get(what)
    const isLive = facts.liveLogs.has(what) || (!run && begun.has(requestIdIn(name)))
    const endedAt = run ? run.endedAt : writtenAt
    return {
      what,
      runId: run?.runId ?? null,
      bytes,
      at: endedAt ?? writtenAt,
      session: null,
      kept: isLive ? 'live' : keptAfter(endedAt, facts),
    }
  })
}

const requestIdIn = (name: string) => name.slice(name.lastIndexOf('-') + 1, -'.log'.length)
