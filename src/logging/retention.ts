import { lstat, readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { diffPathOf } from '../logs/diff-path.ts'
import { besideLog } from '../logs/log-parts.ts'
import { isRunLogName } from '../logs/run-log.ts'
import { verifyLogPathOf } from '../logs/verify-log.ts'
import type { Ledger } from '../record/ledger.ts'

const DAY_MS = 86_400_000
const MIB = 1_048_576

/** What is kept of ended runs; 0: all. */
export interface KeepRules {
  readonly days: number
  readonly count: number
  readonly mb: number
}

/** What retention needs. */
export interface RetentionOptions {
  readonly dir: string
  readonly keep: KeepRules
  readonly ledger: Pick<Ledger, 'ended' | 'remove'>
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Logs of live runs: they stay, however long they were quiet. */
  readonly live: ReadonlySet<string>
}

/** An ended run: its log, its row in the ledger, or both. */
interface Remains {
  readonly logPath: string | null
  readonly runId: string | null
  /** When it was last written or ended. */
  readonly at: number
  readonly bytes: number
}

/** Removes logs and rows of old runs together, the oldest first, and tells how many. Files of other names stay. */
export async function removeOldRuns(options: RetentionOptions): Promise<number> {
  const { keep, now, ledger } = options
  if (keep.days === 0 && keep.count === 0 && keep.mb === 0) return 0
  const newestFirst = (await collect(options)).sort((a, b) => b.at - a.at)
  let bytes = 0
  let removed = 0
  for (const [index, remains] of newestFirst.entries()) {
    bytes += remains.bytes
    const isTooOld = keep.days > 0 && now - remains.at > keep.days * DAY_MS
    const isTooMany = keep.count > 0 && index >= keep.count
    const isTooMuch = keep.mb > 0 && bytes > keep.mb * MIB
    if (!isTooOld && !isTooMany && !isTooMuch) continue
    if (remains.logPath !== null) {
      await unlink(remains.logPath).catch(() => undefined)
      for (const file of besideLog(remains.logPath)) await unlink(file).catch(() => undefined)
    }
    if (remains.runId !== null) ledger.remove(remains.runId)
    removed++
  }
  return removed
}

async function collect({ dir, ledger, live }: RetentionOptions): Promise<Remains[]> {
  const files = new Map<string, { at: number; bytes: number }>()
  const names = new Set(await readdir(dir).catch(() => []))
  for (const name of names) {
    const file = path.join(dir, name)
    if (!isRunLogName(name) || live.has(file)) continue
    // A link or a directory of such a name is nobody's run log.
    const stats = await lstat(file).catch(() => null)
    if (!stats?.isFile()) continue
    let bytes = stats.size
    for (const beside of [verifyLogPathOf, diffPathOf])
      if (names.has(beside(name))) bytes += await sizeOf(beside(file))
    files.set(file, { at: stats.mtimeMs, bytes })
  }
  const remains: Remains[] = []
  for (const { runId, logPath, endedAt } of ledger.ended()) {
    const file = logPath === null ? undefined : files.get(logPath)
    if (logPath !== null) files.delete(logPath)
    remains.push({
      runId,
      logPath: file ? logPath : null,
      at: file?.at ?? endedAt,
      bytes: file?.bytes ?? 0,
    })
  }
  for (const [logPath, { at, bytes }] of files) remains.push({ runId: null, logPath, at, bytes })
  return remains
}

const sizeOf = (file: string) =>
  lstat(file).then(
    ({ size }) => size,
    () => 0,
  )
