/** The day of a moment in the host's own time zone, as `2026-11-27`. @param ms since the epoch */
export function dayOf(ms: number): string {
  const at = new Date(ms)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** When the next day begins there, in milliseconds since the epoch: a day has 23, 24 or 25 hours. */
export function nextDayAt(ms: number): number {
  const at = new Date(ms)
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime()
}
