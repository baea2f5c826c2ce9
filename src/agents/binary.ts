import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { LooperError } from '../base/errors.ts'
import { expandHome } from '../base/home.ts'
import type { Places } from '../settings/part.ts'
import type { ProgramSpec } from './agent.ts'

/** Which rule found the program. */
export type BinarySource = 'request' | 'env' | 'local' | 'path'

/** A program that exists and may be executed. */
export interface Binary {
  readonly path: string
  readonly source: BinarySource
  /** The name that a request gave, where the program is run by another one. */
  readonly asked?: string
}

/** Where programs are looked for. */
export interface ProgramPlaces extends Places {
  /** The `PATH` of the service, `:`-separated. */
  readonly searchPath: string | undefined
}

/** The same, and which one where nobody names one. */
export interface BinaryPlaces extends ProgramPlaces, ProgramSpec {}

/** For who names a program, and means no agent's own. */
export const NO_PROGRAM: ProgramSpec = { configured: null, builds: [], name: '' }

/**
 * Finds an agent's program: the request's, else the configured one, else a build beside the project, else the one on `PATH`.
 * @throws {LooperError} `LOOPER_BINARY_MISSING`
 */
export function resolveBinary(requested: string | null, places: BinaryPlaces): Binary {
  if (requested !== null) return named(requested, 'request', places)
  if (places.configured !== null) return named(places.configured, 'env', places)
  for (const build of places.builds) {
    const file = path.join(places.projectDir, build)
    if (isExecutable(file)) return { path: file, source: 'local' }
  }
  return named(places.name, 'path', places)
}

function named(name: string, source: BinarySource, places: BinaryPlaces): Binary {
  const expanded = expandHome(name, places.home)
  const candidates = expanded.includes('/')
    ? [path.resolve(places.projectDir, expanded)]
    : searchDirectories(places).map((dir) => path.join(dir, expanded))
  const found = candidates.find(isExecutable)
  if (!found) throw new LooperError('LOOPER_BINARY_MISSING', `required tool is missing from PATH: ${name}`)
  return { path: found, source }
}

/**
 * npm puts the project's own `node_modules/.bin` first; the agent there is for the tests and the demo, so the
 * owner's own one wins.
 */
function searchDirectories({ searchPath, projectDir }: BinaryPlaces): string[] {
  const own = path.join(projectDir, 'node_modules') + path.sep
  // Absolute, because the agent starts in another directory than the service.
  const directories = (searchPath ?? '')
    .split(path.delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => path.resolve(dir))
  const isOwn = (dir: string) => dir.startsWith(own)
  return [...directories.filter((dir) => !isOwn(dir)), ...directories.filter(isOwn)]
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
