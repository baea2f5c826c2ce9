import { realpathSync } from 'node:fs'
import path from 'node:path'
import { isFile } from '../files.ts'
import { expandHome } from '../home.ts'
import { type BinaryPlaces, resolveBinary } from './binary.ts'

/** Real paths, as they are now, of the programs that requests may name: the agent's own, and what the owner listed. */
export function programsOf(listed: readonly string[], places: BinaryPlaces): ReadonlySet<string> {
  return realPaths([...listed, null], places)
}

/** Real paths, as they are now, of the helper scripts that requests may name: our own sender, and what the owner listed. */
export function scriptsOf(listed: readonly string[], places: BinaryPlaces): ReadonlySet<string> {
  return realPaths([...listed, path.join(places.projectDir, 'scripts/send-zulip-dm.ts')], places)
}

function realPaths(names: readonly (string | null)[], places: BinaryPlaces): ReadonlySet<string> {
  return new Set(names.flatMap(find).map((file) => realpathSync(file)))

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
