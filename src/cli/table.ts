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
  /** Where there is no room, the column with the highest rank is left out first, of equals the rightmost; 0 without it. */
  readonly dropRank?: number
  /** It is left out where none of its cells says anything. */
  readonly mayBeEmpty?: boolean
}

const GAP = '  '

/**
 * Rows as aligned lines of at most `width` columns. Where not all columns find room as narrow as they may become, some are
 * left out; then those that may are narrowed, from the right.
 */
export function table(
  columns: readonly Column[],
  given: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const rows = given.map((cells) => cells.map((cell) => ({ ...cell, text: oneLine(cell.text) })))
  const all = columns.flatMap(({ title, min, cut = 'start', dropRank = 0, mayBeEmpty }, index) => {
    const texts = rows.map((row) => row[index]?.text ?? '')
    if (mayBeEmpty && texts.every((text) => text === '')) return []
    const widest = Math.max(...[title, ...texts].map(cellsOf))
    return [{ title, cut, dropRank, index, min: Math.min(min ?? widest, widest), width: widest }]
  })
  const shown = fitting(all, width)
  for (const column of shown.toReversed()) {
    const over = Math.max(0, sumOf(shown.map((each) => each.width)) - width)
    column.width = Math.max(column.min, column.width - over)
  }

  const line = (cells: readonly Cell[]) =>
    shown
      .map((column) => {
        const { text, paint = (same: string) => same } = cells[column.index] ?? { text: '' }
        const fit = cutTo(text, column.width, column.cut)
        return paint(fit) + ' '.repeat(column.width - cellsOf(fit))
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title }))), ...rows.map(line)]
}

/** Those columns that find room as narrow as they may become; at least one. */
function fitting<T extends { readonly min: number; readonly dropRank: number }>(
  all: T[],
  width: number,
): T[] {
  if (all.length <= 1 || sumOf(all.map(({ min }) => min)) <= width) return all
  const first = all.findLastIndex(
    ({ dropRank }) => dropRank === Math.max(...all.map((each) => each.dropRank)),
  )
  return fitting(all.toSpliced(first, 1), width)
}

/** How wide columns are together, with what is between them. */
const sumOf = (widths: readonly number[]) =>
  widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length)

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
