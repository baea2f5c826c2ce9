import { globSync } from 'node:fs'
import { isDirectory } from '../files.ts'

/** As most agents make their session ids. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text is a UUID, in lower case. */
export const isUuid = (id: string): boolean => UUID.test(id)

/** Whether a file fits a pattern below a directory; null where there is no such directory to look into. Never throws. */
export function hasFile(dir: string, pattern: string): boolean | null {
  if (!isDirectory(dir)) return null
  try {
    return globSync(pattern, { cwd: dir }).length > 0
  } catch {
    return null
  }
}
