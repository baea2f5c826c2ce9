import { readFileSync, statSync } from 'node:fs'
import { errnoOf } from '../../base/errors.ts'
import { isAbsence } from '../../base/files.ts'

/**
 * The text of a file that its owner wrote, in UTF-8 or, as some editors save it, in UTF-16; null where there is none.
 * @param what how errors call it
 * @throws {Error} with a sentence, where there is something that is no such file
 */
export function readOwnerText(file: string, what: string): string | null {
  try {
    const stat = statSync(file)
    // Anything else might be waited for, for ever.
    if (stat.isFile() || stat.isDirectory()) return decode(readFileSync(file))
  } catch (error) {
    if (isAbsence(error)) return null
    throw new Error(`cannot read ${what} ${file}: ${errnoOf(error)}`, { cause: error })
  }
  throw new Error(`${what} ${file} is not a file`)
}

function decode(bytes: Buffer): string {
  const [first, second] = bytes
  // Its signature, or half a character of ASCII.
  if ((first === 0xff && second === 0xfe) || second === 0) return new TextDecoder('utf-16le').decode(bytes)
  if ((first === 0xfe && second === 0xff) || first === 0) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder().decode(bytes)
}
