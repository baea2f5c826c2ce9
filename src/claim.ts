import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from './errors.ts'

/** The sole right to a log directory. */
export interface Claim {
  /** Tells others where the owner listens. */
  publish(url: string): void
  release(): void
}

/** Another service owns the log directory. */
export class ClaimError extends Error {}

/** SQLite's result code for a lock that somebody else holds. */
const SQLITE_BUSY = 5

/**
 * Claims a log directory for this process. The claim is a file lock that the kernel gives back when its owner dies, so
 * a dead owner is no obstacle, and two starters cannot both win. (Node has no file locks; SQLite's are the system's.)
 * @throws {ClaimError} naming the owner
 */
export function claim(dir: string): Claim {
  const ownerFile = path.join(dir, '.owner')
  const lock = new DatabaseSync(path.join(dir, '.lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)) throw error
    throw new ClaimError(
      `another Looper owns ${dir}: ${ownerOf(ownerFile)}; stop it, or set CODEX_EXEC_LOG_DIR`,
    )
  }
  const publish = (at: string) => writeFileSync(ownerFile, `pid ${process.pid}, ${at}\n`)
  publish('starting')
  return { publish, release: () => lock.close() }
}

function ownerOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    return messageOf(error)
  }
}
