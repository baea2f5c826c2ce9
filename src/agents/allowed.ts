import { realpathSync } from 'node:fs'
import path from 'node:path'
import { isFile } from '../files.ts'
import { expandHome } from '../home.ts'
import { type BinaryPlaces, resolveBinary } from './binary.ts'

/** Real paths of what requests may name: the agent's program, our own sender, and what the owner listed. */
export function executablesOf(listed: readonly string[], places: BinaryPlaces): ReadonlySet<string> {
  const sender = path.join(places.projectDir, 'scripts/send-zulip-dm.ts')
  return new Set([sender, ...listed, null].flatMap(find).map((file) => realpathSync(file)))

  function find(name: string | null): string[] {
    try {
      return [resolveBinary(name, places).path]
    } catch {
      // Helper scripts need not be executable; what is not there cannot be named either.
      const file = path.resolve(places.projectDir, expandHome(name ?? '', places.home))
      return isFile(file) ? [file] : []
    }
  }
}
