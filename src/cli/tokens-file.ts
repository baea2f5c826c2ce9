import { closeSync, fchownSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { errnoOf } from '../base/errors.ts'
import { realPathOf, removeFile } from '../base/files.ts'
import { readChecked } from '../base/json-file.ts'
import { readOwnerFile } from '../base/owner-file.ts'
import type { Static } from '../base/schema.ts'
import { TokensFile } from '../http/tokens.ts'

/** A token as the file keeps it. */
export type KeptToken = Static<typeof TokensFile>['tokens'][number]

/** The tokens of a file; none where it is not there. @throws {Error} where it cannot be read, or is wrong */
export function readTokens(file: string): KeptToken[] {
  try {
    return readChecked(TokensFile, readOwnerFile(file), file).tokens
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Changes the tokens of a file in one step: a service that reads at this moment sees the old file or the new one, and of two
 * that change it at once the second is refused. Nobody but the file's owner may read it.
 * @throws {Error} where it cannot be, and nothing is changed
 */
export function changeTokens(named: string, change: (tokens: KeptToken[]) => KeptToken[]): void {
  // A link stays one.
  const file = realPathOf(named) ?? named
  const next = `${file}.new`
  const fd = openNew(next)
  try {
    const text = JSON.stringify({ tokens: change(readTokens(file)) }, null, 2)
    readChecked(TokensFile, text, 'the new token')
    const owner = statSync(file, { throwIfNoEntry: false })
    if (owner && owner.uid !== process.geteuid?.()) fchownSync(fd, owner.uid, owner.gid)
    writeSync(fd, `${text}\n`)
    fsyncSync(fd)
    renameSync(next, file)
  } catch (error) {
    removeFile(next)
    throw error
  } finally {
    closeSync(fd)
  }
}

function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new Error(`${file} exists: another command is changing the tokens; if none is, remove that file`)
  }
}
