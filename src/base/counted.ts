/** A number for people: `12,345`. */
export const grouped = (n: number): string => n.toLocaleString('en-US')

/** So many of something: `1 file`, `12,345 files`. */
export const counted = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`

/** Lines added and removed: `+120 −44`. */
export const linesChanged = ({
  added,
  removed,
}: {
  readonly added: number
  readonly removed: number
}): string => `+${grouped(added)} −${grouped(removed)}`
