const PLAIN = /^[\w@%+=:,./-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * An argv as one line that a POSIX shell reads back as the same words. Words with control characters are written
 * as `$'…'` (POSIX.1-2024), so that a newline in a prompt cannot break the line.
 */
export function shellQuote(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  if (PLAIN.test(word)) return word
  if (!CONTROL.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  let quoted = ''
  for (const char of word) {
    if (char === '\n') quoted += '\\n'
    else if (char === '\t') quoted += '\\t'
    else if (char === "'" || char === '\\') quoted += `\\${char}`
    else if (CONTROL.test(char)) {
      for (const byte of Buffer.from(char)) quoted += `\\${byte.toString(8).padStart(3, '0')}`
    } else quoted += char
  }
  return `$'${quoted}'`
}
