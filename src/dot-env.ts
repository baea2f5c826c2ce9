import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { errnoOf, messageOf } from './errors.ts'

/** The project's `.env`, for programs that are not started through npm; empty where there is none. */
export function readDotEnv(projectDir: string, complain: (line: string) => void): NodeJS.ProcessEnv {
  try {
    return parseEnv(readFileSync(path.join(projectDir, '.env'), 'utf8'))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') complain(`cannot read .env: ${messageOf(error)}`)
    return {}
  }
}
