/** What a shell would act on where it stands without quotes. */
const SPECIAL = new Set('|&;<>()$`*?[\n')
/** The same at the beginning of a word. */
const SPECIAL_AT_FIRST = new Set('~#')
/** What a backslash takes its meaning from between double quotes (POSIX.1-2024, 2.2.3). */
const ESCAPABLE = new Set('$`"\\\n')

/**
 * The words of a command line, quoted as for a POSIX shell. There is no shell: what one would do more with the line than
 * split it is refused, not passed on as if it were a word.
 * @throws {Error} with a sentence that says what is wrong with the line
 */
export function shellSplit(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at)
    if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word)
      word = null
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1)
      if (end === -1) throw new Error("a ' is not closed")
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (char === '"') {
      const quoted = doubleQuoted(line, at + 1)
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else if (char === '\\') {
      at++
      if (at === line.length) throw new Error('nothing follows its last backslash')
      word = (word ?? '') + line.charAt(at)
    } else {
      if (SPECIAL.has(char) || (word === null && SPECIAL_AT_FIRST.has(char))) throw forShells(char)
      word = (word ?? '') + char
    }
  }
  if (word !== null) words.push(word)
  return words
}

/** What stands between double quotes from there on, and where they end. */
function doubleQuoted(line: string, from: number): { readonly text: string; readonly end: number } {
  let text = ''
  for (let at = from; at < line.length; at++) {
    const char = line.charAt(at)
    if (char === '"') return { text, end: at }
    if (char === '$' || char === '`') throw forShells(char)
    if (char === '\\' && ESCAPABLE.has(line.charAt(at + 1))) at++
    text += line.charAt(at)
  }
  throw new Error('a " is not closed')
}

function forShells(char: string): Error {
  const what = char === '\n' ? 'a line break' : char
  return new Error(`${what} is for shells, and no shell runs it; quote it, or put the commands in a script`)
}
