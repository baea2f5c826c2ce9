import { rmSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Gives a lock back. */
export type Unlock = () => void

/** Locks a file, which is made where it is not there. @throws {Error} of SQLite's */
export type Lock = (file: string) => Unlock

/**
 * Locks a file for this process alone; the kernel gives the lock back when its owner dies. (Node has no file locks;
 * SQLite's are the system's.)
 * @throws {Error} of SQLite's
 */
export function lockFile(file: string): Unlock {
  const db = new DatabaseSync(file)
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw error
  }
  return () => db.close()
}

/** sqlite.org/rescode.html: SQLITE_BUSY, and how failing system calls for locks are told. */
const BUSY = 5
const LOCK_CALLS_FAILED = [2058, 2314, 3594, 3850]

/** Whether an error says that somebody else holds the lock. */
export const isHeld = (error: unknown): boolean => codeOf(error) === BUSY

/**
 * Whether an error means that the directory's file system has no locks. SQLite tells ENOLCK as "busy", as if somebody
 * held the lock: then another file, which nobody else knows, cannot be locked, either.
 */
export function meansNoLocks(error: unknown, dir: string, lock: Lock): boolean {
  if (LOCK_CALLS_FAILED.includes(codeOf(error))) return true
  if (!isHeld(error)) return false
  const file = path.join(dir, `.lock-${process.pid}`)
  const isRefused = isRefusedAsHeld(file, lock)
  rmSync(file, { force: true })
  return isRefused
}

function isRefusedAsHeld(file: string, lock: Lock): boolean {
  try {
    lock(file)()
    return false
  } catch (error) {
    return isHeld(error)
  }
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
}
