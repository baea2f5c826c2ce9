import { lstat, open } from 'node:fs/promises'
import path from 'node:path'
import { isAbsence } from '../../base/files.ts'
import { isNotPlain, PLAIN } from '../../base/plain-file.ts'

/** Where a repository is. */
export interface Repository {
  /** The top of its work tree. */
  readonly top: string
  /** What belongs to this work tree alone: HEAD, the index. */
  readonly gitDir: string
  /** What all its work trees share: objects, branches, settings. */
  readonly commonDir: string
}

const POINTER_BYTES = 8192

/**
 * The repository whose work tree a directory lies in; null where there is none. A few looks at the file system, and no process.
 * @param ceilings directories in which, and above which, none is looked for, as `GIT_CEILING_DIRECTORIES` tells git: separated
 * by colons
 * @throws {Error} of Node's where nobody can say
 */
export async function repositoryOf(dir: string, ceilings = ''): Promise<Repository | null> {
  const tooHigh = new Set(ceilings.split(':'))
  let top = dir
  let found = await repositoryAt(top)
  for (let above = path.dirname(top); found === null && above !== top; above = path.dirname(top)) {
    if (tooHigh.has(above)) return null
    top = above
    found = await repositoryAt(top)
  }
  return found
}

/** The same of a directory that is the top of one. */
export async function repositoryAt(top: string): Promise<Repository | null> {
  const entry = path.join(top, '.git')
  const stats = await statsOf(entry)
  if (stats === null) return null
  const pointed = stats.isFile() ? /^gitdir: (.+)/.exec(await textOf(entry)) : null
  if (stats.isFile() && pointed === null) return null
  const gitDir = path.resolve(top, pointed?.[1] ?? '.git')
  // Nor does git take an empty directory for a repository: it looks further up.
  if ((await statsOf(path.join(gitDir, 'HEAD'))) === null) return null
  const shared = (await textOf(path.join(gitDir, 'commondir'))).trim()
  return { top, gitDir, commonDir: path.resolve(gitDir, shared) }
}

/** What lies there itself, be it a link; null where nothing does. @throws {Error} of Node's where nobody can say */
const statsOf = (file: string) =>
  lstat(file).catch((error: unknown) => {
    if (isAbsence(error)) return null
    throw error
  })

/** A short plain file, read without ever waiting; empty where there is none. */
async function textOf(file: string): Promise<string> {
  return (await bytesOf(file, POINTER_BYTES))?.bytes.toString('utf8') ?? ''
}

/** A plain file that is not larger than that, and when it was written; null where there is none. Nothing is waited for. @throws {Error} where it is larger */
export async function bytesOf(
  file: string,
  mostBytes: number,
): Promise<{ readonly bytes: Buffer; readonly mtimeMs: number } | null> {
  const opened = await open(file, PLAIN).catch((error: unknown) => {
    if (isNotPlain(error)) return null
    throw error
  })
  if (opened === null) return null
  try {
    const stats = await opened.stat()
    if (!stats.isFile()) return null
    if (stats.size > mostBytes) throw new Error(`${file} has more than ${mostBytes} bytes`)
    return { bytes: await opened.readFile(), mtimeMs: stats.mtimeMs }
  } finally {
    await opened.close()
  }
}
