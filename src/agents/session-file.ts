import { globSync } from 'node:fs'
import path from 'node:path'
import { isDirectory } from '../base/files.ts'

/** As most agents make their session ids. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text is a UUID, in lower case. */
export const isUuid = (id: string): boolean => UUID.test(id)

/** The file that fits a pattern below a directory; null where there is none. Never throws. */
export function findFile(dir: string, pattern: string): string | null {
  const [found] = isDirectory(dir) ? globSync(pattern, { cwd: dir }) : []
  return found === undefined ? null : path.join(dir, found)
}

/** Whether a file fits a pattern below a directory; null where there is no such directory. Never throws. */
export const hasFile = (dir: string, pattern: string): boolean | null =>
  isDirectory(dir) ? globSync(pattern, { cwd: dir }).length > 0 : null
