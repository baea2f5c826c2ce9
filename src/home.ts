import os from 'node:os'
import path from 'node:path'

/** Debian's word for the home of who has none: nothing is there, and nobody may make it. */
const NONE = '/nonexistent'

/**
 * The home directory of this user; a place where nothing is for a user without one, such as a container's bare number
 * without `HOME`. Never throws.
 */
export function homeDirectory(): string {
  try {
    return os.homedir() || NONE
  } catch {
    return NONE
  }
}

/** `~` and `~/…` as the home directory; every other path is returned as it is. */
export function expandHome(file: string, home: string): string {
  return file === '~' ? home : file.startsWith('~/') ? path.join(home, file.slice(2)) : file
}
