import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { isFile } from '../files.ts'

/** Where npm and its like put the real one. */
const PACKAGE = `${path.sep}${path.join('@openai', 'codex')}${path.sep}`
/** The first bytes of a native program: ELF, and Mach-O of either order and both. */
const NATIVE: readonly string[] = ['7f454c46', 'cffaedfe', 'cefaedfe', 'cafebabe']

/**
 * Why codex would surely refuse to work in a directory, in a sentence; null where it would not, or nobody can know, as for a
 * script of the owner's that stands for codex.
 */
export function refusalOf(workspace: string, program: string): string | null {
  if (isInRepository(workspace) || !isRealCodex(program)) return null
  return `workspace is no git repository, so codex refuses to work there: ${workspace}; run "git init" in it`
}

/**
 * Whether a directory is or lies in a git repository as `codex exec` 0.169 sees it, which refuses all others, also those
 * that its own settings trust: a `.git` file, or a `.git` directory with a HEAD, in it or above it.
 */
export function isInRepository(workspace: string): boolean {
  const git = path.join(workspace, '.git')
  if (isFile(git) || isFile(path.join(git, 'HEAD'))) return true
  const above = path.dirname(workspace)
  return above !== workspace && isInRepository(above)
}

function isRealCodex(program: string): boolean {
  try {
    const real = realpathSync(program)
    return real.includes(PACKAGE) || (/^codex/.test(path.basename(real)) && isNative(real))
  } catch {
    return false
  }
}

function isNative(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const begin = Buffer.alloc(4)
    readSync(fd, begin)
    return NATIVE.includes(begin.toString('hex'))
  } finally {
    closeSync(fd)
  }
}
