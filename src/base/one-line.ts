import { stripVTControlCharacters } from 'node:util'

/** Controls, and characters that turn the direction or hide; but for the joiners, of which emoji and scripts are made. */
const CONTROLS = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu
/** Escape sequences and the like are taken out of so many times what is wanted, whatever the length of the text. */
const LOOKED_AT = 10

/**
 * A text from elsewhere as one line of at most so many UTF-16 units, in which nothing is left that a terminal or a page would
 * obey.
 */
export function oneLine(text: string, most: number): string {
  const beginning = stripVTControlCharacters(text.trimStart().slice(0, most * LOOKED_AT))
  const line = beginning
    .replace(CONTROLS, ' ')
    .replace(/[\p{Z}]+/gu, ' ')
    .trim()
  if (line.length <= most) return line
  // Not within a character of two units.
  return `${line
    .slice(0, most - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`
}
