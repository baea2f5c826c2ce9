/** More slips than this make another word. */
const MOST_SLIPS = 2

/** What a name that is none was probably meant to be, whatever its case: the known one within two slips of the pen; null where none is near. */
export function meantBy(name: string, known: readonly string[]): string | null {
  const given = name.toUpperCase()
  const near = known
    .map((one) => ({ one, slips: slipsBetween(given, one.toUpperCase()) }))
    .filter(({ slips }) => slips <= MOST_SLIPS)
    .sort((a, b) => a.slips - b.slips)
  return near[0]?.one ?? null
}

/** Letters that are missing, too many, wrong, or changed places (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_SLIPS) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? Number(before[j - 2]) + 1 : Number.POSITIVE_INFINITY
      row.push(
        Math.min(
          Number(last[j]) + 1,
          Number(row[j - 1]) + 1,
          Number(last[j - 1]) + (isSame ? 0 : 1),
          swapped,
        ),
      )
    }
    before = last
    last = row
  }
  return Number(last[b.length])
}
