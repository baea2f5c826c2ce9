import { oneLine } from './harmless.ts'

/** A cell: what it says, and how it is painted once its place is known. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** A column of a table. */
export interface Column {
  readonly title: string
  /** The narrowest it may become; without it, as wide as its widest cell. */
  readonly min?: number
  /** Where its texts are cut: paths are alike at their start, sentences tell most there. */
  readonly cut?: 'start' | 'end'
}

const GAP = '  '

/**
 * Rows as aligned lines of at most `width` columns. Columns that may are narrowed first, from the right; where that is
 * not enough, columns at the right are left out.
 */
export function table(
  columns: readonly Column[],
  given: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const rows = given.map((cells) => cells.map((cell) => ({ ...cell, text: oneLine(cell.text) })))
  const shown = columns.map(({ title, min, cut = 'start' }, i) => {
    const texts = [title, ...rows.map((row) => row[i]?.text ?? '')]
    const widest = Math.max(...texts.map(cellsOf))
    return { title, cut, min: min ?? widest, width: widest }
  })
  const total = () => shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length)
  for (const column of shown.toReversed()) {
    const over = Math.max(0, total() - width)
    column.width = Math.min(column.width, Math.max(column.min, column.width - over))
  }
  while (total() > width && shown.length > 1) shown.pop()

  const line = (cells: readonly Cell[]) =>
    shown
      .map((column, i) => {
        const { text, paint = (same: string) => same } = cells[i] ?? { text: '' }
        const fit = cutTo(text, column.width, column.cut)
        return paint(fit) + ' '.repeat(column.width - cellsOf(fit))
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title }))), ...rows.map(line)]
}

/** What of a text fits, with an ellipsis in place of the rest. */
export function cutTo(text: string, width: number, from: 'start' | 'end'): string {
  if (cellsOf(text) <= width) return text
  const characters = from === 'start' ? [...text].reverse() : [...text]
  const kept: string[] = []
  let left = width - 1
  for (const character of characters) {
    left -= cellsOf(character)
    if (left < 0) break
    kept.push(character)
  }
  return from === 'start' ? `…${kept.reverse().join('')}` : `${kept.join('')}…`
}

/** How many columns of a terminal a text takes: East Asian and emoji two a character, combining marks none. */
function cellsOf(text: string): number {
  let cells = 0
  for (const character of text) {
    if (/\p{Mark}|\p{Cf}/u.test(character)) continue
    cells +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      )
        ? 2
        : 1
  }
  return cells
}
