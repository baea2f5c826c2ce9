import path from 'node:path'
import { parseEnv } from 'node:util'
import { errnoOf, messageOf } from '../base/errors.ts'
import { readOwnerFile } from '../base/owner-file.ts'
import { tellOfLines } from './dot-env-lines.ts'

const fileIn = (projectDir: string) => path.join(projectDir, '.env')

/** What in the project's `.env` does not do what it looks like; nothing where there is none, or none that can be read. */
export function tellOfDotEnv(projectDir: string): string[] {
  try {
    return tellOfLines(readOwnerFile(fileIn(projectDir))).map((what) => `.env, ${what}`)
  } catch {
    return []
  }
}

/** The project's `.env`, for programs that are not started through npm; empty where there is none. */
export function readDotEnv(projectDir: string, complain: (line: string) => void): NodeJS.ProcessEnv {
  try {
    return parseEnv(readOwnerFile(fileIn(projectDir)))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') complain(`cannot read .env: ${messageOf(error)}`)
    return {}
  }
}
