import path from 'node:path'
import { parseEnv } from 'node:util'
import { errnoOf, messageOf } from './errors.ts'
import { readOwnerFile } from './owner-file.ts'

/** The project's `.env`, for programs that are not started through npm; empty where there is none. */
export function readDotEnv(projectDir: string, complain: (line: string) => void): NodeJS.ProcessEnv {
  try {
    return parseEnv(readOwnerFile(path.join(projectDir, '.env')))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') complain(`cannot read .env: ${messageOf(error)}`)
    return {}
  }
}
