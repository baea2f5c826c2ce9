import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { isAbsence } from '../../base/files.ts'
import type { Shadow } from './shadow.ts'
import { statusOf } from './status.ts'

/** A work tree at a moment. */
export interface Snapshot {
  /** The commit that was checked out; null: there was none yet. */
  readonly head: string | null
  /** All its files that are not ignored, as a tree of git's, or as the commit where nothing differs from it. */
  readonly tree: string
  /** How many files differed from the commit, untracked ones among them. */
  readonly dirty: number
  /** How many of these were not looked into: too large, too many, or closed to Looper. */
  readonly leftOut: number
}

const FILE_BYTES = 16 * 1_048_576
/** More than that of all files together is not looked into. */
export const ALL_BYTES = 256 * 1_048_576
const MOST_FILES = 20_000
/** How many are looked at in a row. */
const AT_ONCE = 64

/**
 * Puts into the shadow's index what the work tree is now. Whatever has to be kept for that goes to the shadow, and nothing to
 * the repository, unless that is what the shadow is for. @param fileBytes larger files are left out
 * @throws {Error} where git cannot tell
 */
export async function stage(
  shadow: Shadow,
  top: string,
  fileBytes = FILE_BYTES,
): Promise<Pick<Snapshot, 'dirty' | 'leftOut'>> {
  const { git } = shadow
  const { output, isCut } = await statusOf(shadow, '--untracked-files=all')
  if (isCut) throw new Error('too many files differ from the commit')
  // Names are bytes, whatever they mean.
  const entries = output.toString('latin1').split('\0').slice(0, -1)
  const { gone, there, leftOut } = await sortOut(entries, top, fileBytes)
  if (gone.length > 0) await git(['update-index', '--force-remove', '-z', '--stdin'], { input: listOf(gone) })
  if (there.length > 0) {
    const how = ['--add', '--remove', '--replace', '-z', '--stdin']
    await git(['update-index', ...how], { input: listOf(there) })
  }
  return { dirty: entries.length, leftOut }
}

/** What a work tree is now, kept as {@link stage} does. @throws {Error} where git cannot tell */
export async function snapshotOf(shadow: Shadow, top: string): Promise<Snapshot> {
  const { head } = shadow
  const staged = await stage(shadow, top)
  if (head !== null && staged.dirty === 0) return { ...staged, head, tree: head }
  const tree = (await shadow.git(['write-tree', '--missing-ok'])).output.toString().trim()
  return { ...staged, head, tree }
}

const listOf = (names: readonly string[]) => Buffer.from(`${names.join('\0')}\0`, 'latin1')

/** Which of them are gone, which are looked into, and how many are not. */
async function sortOut(entries: readonly string[], top: string, fileBytes: number) {
  const gone: string[] = []
  const there: string[] = []
  let leftOut = 0
  let bytes = 0
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const some = entries.slice(at, at + AT_ONCE)
    const sizes = await Promise.all(some.map((entry) => sizeOf(entry, top, fileBytes)))
    for (const [index, size] of sizes.entries()) {
      const name = String(entries[at + index]).slice(3)
      if (size === 'gone') gone.push(name)
      else if (size === 'another repository') continue
      else if (size === 'closed' || bytes + size > ALL_BYTES || there.length >= MOST_FILES) leftOut++
      else {
        bytes += size
        there.push(name)
      }
    }
  }
  return { gone, there, leftOut }
}

/** Of two letters: what was removed, and is in no conflict. */
const GONE = /^([^DU]D|D )/

/** How much of a file there is to look into. */
async function sizeOf(
  entry: string,
  top: string,
  fileBytes: number,
): Promise<number | 'gone' | 'another repository' | 'closed'> {
  const name = entry.slice(3)
  // A link may lie above it now, and lead to something else.
  if (GONE.test(entry)) return 'gone'
  if (name.endsWith('/')) return 'another repository'
  const file = Buffer.concat([Buffer.from(`${top}/`), Buffer.from(name, 'latin1')])
  try {
    const stats = await lstat(file)
    if (stats.isSymbolicLink() || stats.isDirectory()) return 0
    if (!stats.isFile() || stats.size > fileBytes) return 'closed'
    await access(file, constants.R_OK)
    return stats.size
  } catch (error) {
    if (isAbsence(error)) return 'gone'
    /* c8 ignore next 2: closed to this user; nothing is closed to root, as whom tests may run */
    return 'closed'
  }
}
