/**
 * A text without the lines of another one, each as often as it stands there; lines that were written or changed since stay.
 * Pure.
 */
export function withoutLines(text: string, lines: string): string {
  const gone = new Map<string, number>()
  for (const line of linesOf(lines)) gone.set(line, 1 + (gone.get(line) ?? 0))
  const left = linesOf(text).filter((line) => {
    const count = gone.get(line) ?? 0
    gone.set(line, count - 1)
    return count <= 0
  })
  if (left.every((line) => line.trim() === '')) return ''
  return left.join('\n') + (text.endsWith('\n') ? '\n' : '')
}

const linesOf = (text: string) => text.replace(/\r?\n$/, '').split(/\r?\n/)
