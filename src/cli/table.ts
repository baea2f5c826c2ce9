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
}

const GAP = '  '

/**
 * Rows as aligned lines of at most `width` columns. A column that may is narrowed first, its texts cut at their
 * beginning, where paths are alike; where that is not enough, columns at the right are left out.
 */
export function table(
  columns: readonly Column[],
  given: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const rows = given.map((cells) => cells.map((cell) => ({ ...cell, text: oneLine(cell.text) })))
  const shown = columns.map(({ title, min }, i) => {
    const texts = [title, ...rows.map((row) => row[i]?.text ?? '')]
    const widest = Math.max(...texts.map(cellsOf))
    return { title, min: min ?? widest, width: widest }
  })
  const total = () => shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length)
  for (const column of shown) {
    const over = Math.max(0, total() - width)
    column.width = Math.min(column.width, Math.max(column.min, column.width - over))
  }
  while (total() > width && shown.length > 1) shown.pop()

  const line = (cells: readonly Cell[]) =>
    shown
      .map((column, i) => {
        const { text, paint = (same: string) => same } = cells[i] ?? { text: '' }
        const cut = cutStart(text, column.width)
        return paint(cut) + ' '.repeat(column.width - cellsOf(cut))
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title }))), ...rows.map(line)]
}

/** The last part of a text that fits, after an ellipsis. */
function cutStart(text: string, width: number): string {
  if (cellsOf(text) <= width) return text
  const kept: string[] = []
  let left = width - 1
  for (const character of [...text].reverse()) {
    left -= cellsOf(character)
    if (left < 0) break
    kept.unshift(character)
  }
  return `…${kept.join('')}`
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
