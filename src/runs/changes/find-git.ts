import { NO_PROGRAM, type ProgramPlaces, resolveBinary } from '../../agents/binary.ts'

/** The program of git, on the PATH of the service; null where there is none. */
export function findGit(places: ProgramPlaces): string | null {
  try {
    return resolveBinary(null, { ...places, ...NO_PROGRAM, name: 'git' }).path
  } catch {
    return null
  }
}
