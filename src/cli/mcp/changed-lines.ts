/** What differs between two texts, as lines: those that go after "-", those that come after "+", with some around them. */
export function changedLines(before: string, after: string): readonly string[] {
  const old = linesOf(before)
  const next = linesOf(after)
  const same = (a: readonly string[], b: readonly string[]) => {
    const found = a.findIndex((line, i) => line !== b[i])
    return found === -1 ? a.length : found
  }
  const first = same(old, next)
  const last = same(old.slice(first).reverse(), next.slice(first).reverse())
  const around = (lines: readonly string[]) => lines.map((line) => `  ${line}`)
  return [
    ...around(old.slice(Math.max(0, first - AROUND), first)),
    ...old.slice(first, old.length - last).map((line) => `- ${line}`),
    ...next.slice(first, next.length - last).map((line) => `+ ${line}`),
    ...around(old.slice(old.length - last).slice(0, AROUND)),
  ]
}

const AROUND = 3

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/))
