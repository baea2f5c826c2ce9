import { MOST } from './bounded.ts'

/** The end of many lines, of about as much as an event keeps of a text. */
export interface LastLines {
  line(line: string): void
  /** What is kept, without its last lines and without space around it. */
  text(butLast?: number): string
}

/** No lines yet. */
export function lastLines(): LastLines {
  let lines: string[] = []
  let units = 0
  return {
    line(line) {
      lines.push(line)
      units += line.length + 1
      // Halved, so that not each line moves all the others.
      if (units <= MOST.text) return
      lines = lines.slice(Math.ceil(lines.length / 2))
      units = lines.reduce((sum, { length }) => sum + length + 1, 0)
    },
    text: (butLast = 0) =>
      lines
        .slice(0, Math.max(0, lines.length - butLast))
        .join('\n')
        .trim(),
  }
}
