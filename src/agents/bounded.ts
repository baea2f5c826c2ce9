/** The most that one event keeps of a text, in UTF-16 units. */
export const MOST = { text: 262_144, input: 16_384, output: 65_536, error: 2000, name: 200 } as const

/** The beginning of a text, of at most so many UTF-16 units; where more was there, "…" is the last. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text
  // Not within a character of two units.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
