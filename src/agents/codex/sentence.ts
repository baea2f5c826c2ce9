const MINUTE_MS = 60_000
const UNITS_MS = { day: 86_400_000, hour: 3_600_000, minute: MINUTE_MS } as const
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** "8:26 PM", or "Nov 29th, 2026 8:23 AM". */
const AT =
  /try again at (?:([a-z]{3})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}),? )?(\d{1,2}):(\d{2})(?::\d{2})? ?([ap])\.?m/i
const IN = /try again in ((?:\d+ (?:day|hour|minute)s?(?:,? (?:and )?)?)+)/i

/**
 * The time that codex names in the sentence of a usage limit, in milliseconds since the epoch; null where it names none. It
 * tells whole minutes of the machine's own time zone, and no day where it is the same one: then the next such time after the
 * run's end is meant.
 */
export function timeInSentence(sentence: string, endedAt: number): number | null {
  const at = AT.exec(sentence)
  if (at) return momentOf(at, endedAt)
  const span = IN.exec(sentence)?.[1]
  return span === undefined ? null : endedAt + spanOf(span)
}

function momentOf(
  [, month, day, year, hours, minutes, half]: RegExpExecArray,
  endedAt: number,
): number | null {
  const hour = (Number(hours) % 12) + (/p/i.test(String(half)) ? 12 : 0)
  if (Number(hours) > 12 || Number(minutes) > 59) return null
  if (month === undefined) {
    const next = new Date(endedAt)
    next.setHours(hour, Number(minutes), 0, 0)
    // The minute that it names may have begun.
    if (next.getTime() + MINUTE_MS <= endedAt) next.setDate(next.getDate() + 1)
    return next.getTime() + MINUTE_MS
  }
  const index = MONTHS.indexOf(month.toLowerCase())
  if (index === -1) return null
  return new Date(Number(year), index, Number(day), hour, Number(minutes)).getTime() + MINUTE_MS
}

function spanOf(text: string): number {
  let ms = MINUTE_MS
  for (const [, count, unit] of text.matchAll(/(\d+) (day|hour|minute)/gi)) {
    ms +=
      Number(count) *
      UNITS_MS[unit?.toLowerCase() === 'day' ? 'day' : unit?.toLowerCase() === 'hour' ? 'hour' : 'minute']
  }
  return ms
}
