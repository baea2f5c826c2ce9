import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isAbsence } from '../../base/files.ts'
import type { Repository } from '../changes/repository.ts'

/** A work tree of a run, as it stands beside it from before it is made until it is gone. */
export interface Owned {
  /** The run that had it first. */
  readonly id: string
  /** Its folder, in which it lies. */
  readonly home: string
  /** What all work trees of its repository share. */
  readonly commonDir: string
  readonly branch: string
  /** The commit with which it begins. */
  readonly base: string
  /** How deep the workspace lies in it; empty: at its top. */
  readonly below: string
  /** Whether it is whole: nothing works in it before. */
  readonly isWhole: boolean
}

/** The folder that git makes in a repository for a work tree has the name of that. */
const nameOf = (id: string) => `looper-${id}`

/** Where it is, as a work tree of its repository, whatever stands in it. */
export const repositoryOfOwned = ({ id, home, commonDir }: Owned): Repository => ({
  top: path.join(home, nameOf(id)),
  gitDir: path.join(commonDir, 'worktrees', nameOf(id)),
  commonDir,
})

/** Where the agent works. */
export const workspaceOf = (owned: Owned): string => path.join(repositoryOfOwned(owned).top, owned.below)

const fileIn = (home: string) => path.join(home, 'owner.json')

/** What stands beside a work tree; null: nothing. @throws {Error} of Node's where that cannot be said */
export async function readOwner(home: string): Promise<Owned | null> {
  try {
    // It is written whole, by nobody else; its folder has the name of the run.
    return { ...JSON.parse(await readFile(fileIn(home), 'utf8')), home, id: path.basename(home) }
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** Puts it there. */
export async function writeOwner({ home, id: _id, ...owned }: Owned): Promise<void> {
  const whole = `${fileIn(home)}.new`
  await writeFile(whole, JSON.stringify(owned), { mode: 0o600 })
  await rename(whole, fileIn(home))
}
