import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ConfigError } from './config.ts'
import { messageOf } from './errors.ts'
import { isHeld, type Lock, lockFile, meansNoLocks, type Unlock } from './lock-file.ts'

/** The sole right to a log directory. */
export interface Claim {
  /** Tells others where the owner listens. */
  publish(url: string): void
  release(): void
}

/** Another service owns the log directory. */
export class ClaimError extends Error {}

/**
 * Claims a log directory for this process. The claim is a file lock that the kernel gives back when its owner dies, so
 * a dead owner is no obstacle, and two starters cannot both win.
 * @throws {ClaimError} naming the owner
 * @throws {ConfigError} where the file system has no locks
 */
export function claim(dir: string, lock: Lock = lockFile): Claim {
  const ownerFile = path.join(dir, '.owner')
  let release: Unlock
  try {
    release = lock(path.join(dir, '.lock'))
  } catch (error) {
    if (meansNoLocks(error, dir, lock)) {
      throw new ConfigError([
        `CODEX_EXEC_LOG_DIR: ${dir} lies on a file system without locks, so that two services could use it at once; ` +
          'name a directory on another one',
      ])
    }
    if (!isHeld(error)) throw error
    throw new ClaimError(
      `another Looper owns ${dir}: ${ownerOf(ownerFile)}; stop it, or set CODEX_EXEC_LOG_DIR`,
    )
  }
  const publish = (at: string) => writeFileSync(ownerFile, `pid ${process.pid}, ${at}\n`)
  publish('starting')
  return { publish, release }
}

function ownerOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    return messageOf(error)
  }
}
