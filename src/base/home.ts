import os from 'node:os'
import path from 'node:path'
import { isDirectory, realPathOf } from './files.ts'

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

/** `~` and `~/…` as the home directory; every other path is returned as it is, and all are where there is no home. */
export function expandHome(file: string, home: string): string {
  if (!beginsInHome(file) || !path.isAbsolute(home)) return file
  return path.join(home, file.slice(2))
}

/** Whether a path begins with the home directory. */
export const beginsInHome = (file: string): boolean => file === '~' || file.startsWith('~/')

/**
 * Why a home is none that could hold workspaces, as the rest of a sentence about HOME; null where it is one. Services and
 * containers without a user of their own often have `/` for it, or a directory that nobody made.
 */
export function homeFault(home: string): string | null {
  if (home === '') return 'is not set'
  const given = `is ${JSON.stringify(home)}`
  if (!path.isAbsolute(home)) return `${given}, which is no absolute path`
  if (!isDirectory(home)) return `${given}, which is no directory`
  return isFileSystemRoot(home) ? `${given}, which holds the whole file system` : null
}

/** Whether a path leads to the whole file system. */
export function isFileSystemRoot(file: string): boolean {
  const real = realPathOf(file)
  return real !== null && path.parse(real).root === real
}
