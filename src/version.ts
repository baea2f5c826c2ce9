import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of Looper in this directory. */
export function versionOf(projectDir: string): string {
  return JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')).version
}
