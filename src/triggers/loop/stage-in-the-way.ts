import { lstat, readdir } from 'node:fs/promises'
import type { Shadow } from '../../runs/changes/shadow.ts'
import type { FileChange } from './checkpoint-changes.ts'

/** More of it is not looked into. */
const MOST_FILES = 20_000

/**
 * Puts into the shadow's index what lies where files are to be added, and is not there as it is ignored: a file, one in the place of
 * a directory, or all that is in a directory in the place of a file. So it is kept with all the rest before it is gone.
 * @throws {Error} where it cannot be kept
 */
export async function stageInTheWay(
  shadow: Shadow,
  top: string,
  changes: readonly FileChange[],
): Promise<void> {
  const found = new Set<string>()
  /** Directories that are there. */
  const open = new Set<string>()
  for (const { name, change } of changes) {
    if (change === 'added') await lookFor(name)
    // A submodule, where there was a file.
    else if (change === 'changed' && (await kindOf(name)) === 'directory') throw isRepository(name)
  }
  if (found.size === 0) return
  const input = Buffer.from(`${[...found].join('\0')}\0`, 'latin1')
  await shadow.git(['update-index', '--add', '--replace', '-z', '--stdin'], { input })

  /** From the top down: nothing is looked at through a link. */
  async function lookFor(name: string): Promise<void> {
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      const above = name.slice(0, end)
      const kind = open.has(above) ? 'directory' : await kindOf(above)
      if (kind === null) return
      if (kind === 'file') return add(above)
      open.add(above)
    }
    const kind = await kindOf(name)
    if (kind === 'file') add(name)
    if (kind === 'directory') await addAll(name)
  }

  function add(path: string): void {
    found.add(path)
    if (found.size > MOST_FILES) throw new Error('too many ignored files lie where files are to be restored')
  }

  async function addAll(dir: string): Promise<void> {
    for (const entry of await readdir(at(dir), { withFileTypes: true, encoding: 'latin1' })) {
      const path = `${dir}/${entry.name}`
      if (entry.name === '.git') throw isRepository(dir)
      if (entry.isDirectory()) await addAll(path)
      else add(path)
    }
  }

  async function kindOf(path: string): Promise<'file' | 'directory' | null> {
    // What cannot be looked at is in git's way, too, and that says so.
    const stats = await lstat(at(path)).catch(() => null)
    return stats && (stats.isDirectory() ? 'directory' : 'file')
  }

  function at(path: string): Buffer {
    return Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, 'latin1')])
  }
}

const isRepository = (dir: string) =>
  new Error(`${Buffer.from(dir, 'latin1')} is a repository, and there was a file: move it away first`)
