import { globSync } from 'node:fs'
import { isDirectory } from '../base/files.ts'

/** As most agents make their session ids. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text is a UUID, in lower case. */
export const isUuid = (id: string): boolean => UUID.test(id)

/** Whether a file fits a pattern below a directory; null where there is no such directory. Never throws. */
export const hasFile = (dir: string, pattern: string): boolean | null =>
  isDirectory(dir) ? globSync(pattern, { cwd: dir }).length > 0 : null
