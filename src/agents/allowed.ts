import { realpathSync } from 'node:fs'
import path from 'node:path'
import { isFile } from '../base/files.ts'
import { expandHome } from '../base/home.ts'
import { type BinaryPlaces, NO_PROGRAM, type ProgramPlaces, resolveBinary } from './binary.ts'

/**
 * The programs that requests may name, the agent's own and what the owner listed: by the owner's name of each and by its real
 * path, as they are now, the name by which it is run. That is the owner's: a shim looks at the name by which it is called.
 */
export function programsOf(listed: readonly string[], places: BinaryPlaces): ReadonlyMap<string, string> {
  return byEveryName(namesOf([...listed, null], places))
}

/** The same of what the owner listed alone. */
export function listedPrograms(
  listed: readonly string[],
  places: ProgramPlaces,
): ReadonlyMap<string, string> {
  return byEveryName(namesOf(listed, { ...places, ...NO_PROGRAM }))
}

function byEveryName(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...names.map((name) => [realpathSync(name), name] as const), ...names.map(itself)])
}

const itself = (name: string) => [name, name] as const

/** Real paths, as they are now, of the helper scripts that requests may name: our own senders, and what the owner listed. */
export function scriptsOf(
  listed: readonly string[],
  own: readonly string[],
  places: BinaryPlaces,
): ReadonlySet<string> {
  const names = namesOf([...listed, ...own.map((script) => path.join(places.projectDir, script))], places)
  return new Set(names.map((file) => realpathSync(file)))
}

function namesOf(names: readonly (string | null)[], places: BinaryPlaces): string[] {
  return names.flatMap(find)

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
