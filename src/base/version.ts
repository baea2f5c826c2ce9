import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of Looper, which stands beside its code; the service's own files may be elsewhere. */
export function versionOf(): string {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')).version
}
