import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { stampOf } from '../../base/stamp.ts'

/** Where npm and its like put the real one. */
const PACKAGE = `${path.sep}${path.join('@openai', 'codex')}${path.sep}`
/** The first bytes of a native program: ELF, and Mach-O of either order and both. */
const NATIVE: readonly string[] = ['7f454c46', 'cffaedfe', 'cefaedfe', 'cafebabe']
/** The end of the sentence with which the real one refuses, as its program holds it. */
const REFUSAL = Buffer.from('--skip-git-repo-check was not specified')
const CHUNK_BYTES = 4_194_304

/** What was found out about native programs, by their real path, as long as they stay the same. */
const known = new Map<string, { readonly stamp: string | null; readonly isCodex: boolean }>()

/**
 * Whether a program surely is OpenAI's codex: the script of its npm package, or a native program of that name that holds the
 * very words. A script or a shim that stands for codex may hand it other options, so nobody can say.
 */
export function isRealCodex(program: string): boolean {
  try {
    const real = realpathSync(program)
    const name = path.basename(real)
    if (real.includes(PACKAGE) && /^codex\.[cm]?js$/.test(name)) return true
    return name.startsWith('codex') && isNativeCodex(real)
  } catch {
    return false
  }
}

/** The program has some hundred megabytes; it is read up to the words, once. */
function isNativeCodex(file: string): boolean {
  const stamp = stampOf(file)
  const found = known.get(file)
  if (found && found.stamp === stamp) return found.isCodex
  const isCodex = holdsRefusal(file)
  known.set(file, { stamp, isCodex })
  return isCodex
}

function holdsRefusal(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    const read = (offset: number) => chunk.subarray(0, readSync(fd, chunk, 0, CHUNK_BYTES, offset))
    let offset = 0
    let bytes = read(offset)
    if (!NATIVE.includes(bytes.toString('hex', 0, 4))) return false
    while (!bytes.includes(REFUSAL)) {
      if (bytes.length < CHUNK_BYTES) return false
      offset += CHUNK_BYTES - REFUSAL.length
      bytes = read(offset)
    }
    return true
  } finally {
    closeSync(fd)
  }
}
