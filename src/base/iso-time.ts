const DATE = /^\d{4}-\d\d-\d\d/

/** A moment in the API's words, RFC 3339 in UTC; null stays null. @param ms since the epoch */
export function timeOf(ms: number): string
export function timeOf(ms: number | null): string | null
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** The day at the beginning of a date or time in ISO 8601, where no calendar has it; else null. */
export function impossibleDay(given: string): string | null {
  const [day] = DATE.exec(given) ?? []
  if (day === undefined) return null
  // `Date` goes on into the next month where a month has no such day: 2026-02-31 becomes 2026-03-03.
  const time = Date.parse(day)
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(day) ? day : null
}
