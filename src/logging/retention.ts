import { lstat, readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '../errors.ts'
import { isRunLogName } from '../runs/run-log.ts'

const DAY_MS = 86_400_000

/** Which run logs may go. */
export interface RetentionOptions {
  readonly dir: string
  /** Logs last written longer ago than this are removed; 0 keeps all. */
  readonly keepDays: number
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Logs of live runs: they stay, however long they were quiet. */
  readonly live: ReadonlySet<string>
}

/** Removes old run logs and tells which. Files of other names are never touched. */
export async function removeOldRunLogs({ dir, keepDays, now, live }: RetentionOptions): Promise<string[]> {
  if (keepDays === 0) return []
  const removed: string[] = []
  const names = await readdir(dir).catch((error: unknown) => {
    // Before the first run there may be no directory yet.
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  for (const name of names) {
    const file = path.join(dir, name)
    if (!isRunLogName(name) || live.has(file)) continue
    const found = await lstat(file)
    if (!found.isFile() || now - found.mtimeMs <= keepDays * DAY_MS) continue
    await unlink(file)
    removed.push(file)
  }
  return removed
}
