import { oneLine } from '../base/one-line.ts'

/** The longest name, in UTF-16 units. */
export const NAME_LENGTH = 100

/** Whatever ends a line, for a terminal, an editor or Unicode (unicode.org/reports/tr14). */
const LINES = /[^\n\v\f\r\u0085\u2028\u2029]+/g
/** What can be seen: no blank, no filler, nothing that only joins. */
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u

/**
 * How people call a run: the first line of its notice in which there is something to see, else of its prompt, else the id of
 * its request. One line of at most {@link NAME_LENGTH} characters.
 */
export function nameOf(notice: string | null, prompt: string | null, requestId: string): string {
  return firstLine(notice ?? '') ?? firstLine(prompt ?? '') ?? requestId
}

function firstLine(text: string): string | null {
  for (const [line] of text.matchAll(LINES)) {
    const name = oneLine(line, NAME_LENGTH)
    if (VISIBLE.test(name)) return name
  }
  return null
}
