import { accessSync, constants, mkdirSync, realpathSync, type Stats, statSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from './errors.ts'

/** Whether a directory is there and can be reached. Never throws. */
export function isDirectory(file: string): boolean {
  return look(file)?.isDirectory() === true
}

/** Whether a file is there and can be reached. Never throws. */
export function isFile(file: string): boolean {
  return look(file)?.isFile() === true
}

function look(file: string): Stats | null {
  try {
    return statSync(file)
  } catch {
    // Too long a name, a loop of links or a closed directory are as good as nothing there.
    return null
  }
}

/** Where a path really leads; null where that is nowhere. */
export function realPathOf(file: string): string | null {
  try {
    return realpathSync(file)
  } catch {
    return null
  }
}

/**
 * Makes a directory and those above it, where they are not there. Node's own recursive `mkdir` never ends where the
 * system says ENOENT below a directory that is there, as `/proc` does.
 * @throws {Error} of Node's, or one that says that something else is in the way
 */
export function makeDirectory(dir: string, mode = 0o777): void {
  if (isDirectory(dir)) return
  makeDirectory(path.dirname(dir), mode)
  try {
    mkdirSync(dir, { mode })
  } catch (error) {
    // Somebody else may have been quicker.
    if (isDirectory(dir)) return
    const code = errnoOf(error)
    if (code !== 'EEXIST') throw error
    throw Object.assign(new Error(`${dir} exists and is not a directory`, { cause: error }), { code })
  }
}

/** Makes a directory, if it is not there, and looks whether entries can be made in it. @throws {Error} of Node's */
export function makeWritable(dir: string): void {
  makeDirectory(dir)
  accessSync(dir, constants.W_OK | constants.X_OK)
}

/** Removes a file; one that is gone already is no matter. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if (!isAbsence(error)) throw error
  }
}

/** Whether an error says that there is nothing; also where a file stands in the place of the directory. */
export function isAbsence(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
