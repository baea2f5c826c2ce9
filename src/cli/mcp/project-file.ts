import { chmodSync, lstatSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeDirectory, realPathOf, removeFile } from '../../base/files.ts'
import { readOwnerFile } from '../../base/owner-file.ts'

const MOST_BYTES = 1_048_576

/** A text of a project as it is; empty where there is no file. @throws {Error} where it cannot be read, or not be kept as it is */
export function readProjectFile(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return ''
  const text = readOwnerFile(file, MOST_BYTES)
  if (!readFileSync(file).equals(Buffer.from(text)))
    throw new Error(`${file} is not UTF-8 without a byte order mark; save it so`)
  return text
}

/**
 * Writes such a text in one step, with the rights that the file had.
 * @param before what it was when it was read
 * @throws {Error} where it was changed since, or cannot be written; nothing is changed then
 */
export function writeProjectFile(named: string, before: string, text: string): void {
  if (readProjectFile(named) !== before) throw new Error(`${named} was changed meanwhile; try again`)
  // A link stays one.
  const file = realPathOf(named) ?? named
  makeDirectory(path.dirname(file))
  const next = `${file}.looper-new`
  const mode = statSync(file, { throwIfNoEntry: false })?.mode
  try {
    writeFileSync(next, text, { flag: 'wx' })
    if (mode !== undefined) chmodSync(next, mode)
    renameSync(next, file)
  } catch (error) {
    removeFile(next)
    throw error
  }
}
