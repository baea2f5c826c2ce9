import { accessSync, constants, mkdirSync, type Stats, statSync, unlinkSync } from 'node:fs'
import { errnoOf } from './errors.ts'

/** Whether a directory is there and can be reached. Never throws. */
export function isDirectory(path: string): boolean {
  return look(path)?.isDirectory() === true
}

/** Whether a file is there and can be reached. Never throws. */
export function isFile(path: string): boolean {
  return look(path)?.isFile() === true
}

function look(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    // Too long a name, a loop of links or a closed directory are as good as nothing there.
    return null
  }
}

/** Makes a directory, if it is not there, and looks whether entries can be made in it. @throws {Error} of Node's */
export function makeWritable(dir: string): void {
  mkdirSync(dir, { recursive: true })
  accessSync(dir, constants.W_OK | constants.X_OK)
}

/** Removes a file; one that is gone already is no matter. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isAbsence(error)) throw error
  }
}

/** Whether an error says that there is nothing; also where a file stands in the place of the directory. */
export function isAbsence(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
