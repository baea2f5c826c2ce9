/** A text with so many characters at most, then a word of how many it has in all. */
export function shortened(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text
  return `${text.slice(0, mostCharacters).toWellFormed()}… (${text.length} characters in all)`
}
