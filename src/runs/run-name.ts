import { stripVTControlCharacters } from 'node:util'

/** The longest name, in UTF-16 units. */
export const NAME_LENGTH = 100
/** As much of a line is looked at, whatever its length: escape sequences and the like are taken out of it. */
const LOOKED_AT = 1000

/** Whatever ends a line, for a terminal, an editor or Unicode (unicode.org/reports/tr14). */
const LINES = /[^\n\v\f\r\u0085\u2028\u2029]+/g
/** Controls, and characters that turn the direction or hide; but for the joiners, of which emoji and scripts are made. */
const CONTROLS = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu
/** What can be seen: no blank, no filler, nothing that only joins. */
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u

/**
 * How people call a run: the first line of its notice in which there is something to see, else of its prompt, else the id of
 * its request. One line of at most {@link NAME_LENGTH} characters without anything that a terminal or a page would obey.
 */
export function nameOf(notice: string | null, prompt: string | null, requestId: string): string {
  return firstLine(notice ?? '') ?? firstLine(prompt ?? '') ?? requestId
}

function firstLine(text: string): string | null {
  for (const [found] of text.matchAll(LINES)) {
    const line = stripVTControlCharacters(found.trimStart().slice(0, LOOKED_AT))
    const clean = line
      .replace(CONTROLS, ' ')
      .replace(/\p{Z}+/gu, ' ')
      .trim()
    if (VISIBLE.test(clean)) return cut(clean)
  }
  return null
}

function cut(line: string): string {
  if (line.length <= NAME_LENGTH) return line
  // Not within a character of two units.
  return `${line
    .slice(0, NAME_LENGTH - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`
}
