import { statSync } from 'node:fs'

/**
 * Tells one state of a file from another; null where there is none. The time is that of the inode: a copy may keep the
 * other one.
 * @throws {Error} where the file cannot be reached
 */
export function stampOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat ? `${stat.ctimeMs} ${stat.size} ${stat.ino}` : null
}
