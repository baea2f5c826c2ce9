const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** What is looked at of an error's words; they may have no end. */
const LOOKED_AT = 1000

/** "resets 8:40pm (UTC)", "resets Oct 9 at 5pm (Europe/Berlin)". */
const AT =
  /\bresets? (?:at )?(?:([a-z]{3})[a-z]* (\d{1,2})(?:,| at)? )?(\d{1,2})(?::(\d{2}))? ?([ap])m(?: \(([\w/+-]{1,40})\))?/i
/** "It will reset in 2 hours 5 minutes", "Retry in 1hr 5min". */
const IN =
  /\b(?:reset|retry|try again)s? in ((?:\d{1,6} ?(?:days?|hours?|hrs?|minutes?|min|seconds?|sec|[dhms])\b,? ?(?:and )?)+)/i
/** "usage limit reached|1790000000". */
const STAMP = /limit reached\|(\d{10})\b/i
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const UNITS_MS: Readonly<Record<string, number>> = { d: DAY_MS, h: HOUR_MS, m: MINUTE_MS, s: SECOND_MS }

/**
 * When a limit ends by the words of the error that tells of it, in milliseconds since the epoch; null where they name no time.
 * Words tell whole minutes, or seconds: the end of the one that they name is meant. Seen with, or read in, agents of 2026.
 * @param at when it was said, in the same unit
 */
export function resetIn(words: string, at: number): number | null {
  const looked = words.slice(0, LOOKED_AT)
  const stamp = STAMP.exec(looked)?.[1]
  if (stamp !== undefined) return Number(stamp) * SECOND_MS
  const span = IN.exec(looked)?.[1]
  if (span !== undefined) return at + spanOf(span)
  const moment = AT.exec(looked)
  return moment === null ? null : momentOf(moment, at)
}

function spanOf(text: string): number {
  let ms = 0
  let exactMs = MINUTE_MS
  for (const [, count, unit] of text.matchAll(/(\d+) ?([dhms])/gi)) {
    const unitMs = Number(UNITS_MS[String(unit).toLowerCase()])
    ms += Number(count) * unitMs
    exactMs = Math.min(exactMs, unitMs)
  }
  return ms + exactMs
}

function momentOf([, month, day, hours, minutes, half, zone]: RegExpExecArray, at: number): number | null {
  const hour = (Number(hours) % 12) + (/p/i.test(String(half)) ? 12 : 0)
  const ahead = zone === undefined ? null : aheadOfUtc(zone, at)
  if (Number(hours) > 12 || Number(minutes ?? 0) > 59) return null
  // Its own midnight, as if the zone were UTC; without a zone that of the machine is meant.
  const shift = ahead ?? -new Date(at).getTimezoneOffset() * MINUTE_MS
  const there = new Date(at + shift)
  const time = [hour, Number(minutes ?? 0) + 1] as const
  const year = there.getUTCFullYear()
  if (month === undefined) {
    const today = Date.UTC(year, there.getUTCMonth(), there.getUTCDate(), ...time) - shift
    return today > at ? today : today + DAY_MS
  }
  const index = MONTHS.indexOf(month.toLowerCase())
  if (index === -1) return null
  const ms = Date.UTC(year, index, Number(day), ...time) - shift
  return ms > at ? ms : Date.UTC(year + 1, index, Number(day), ...time) - shift
}

/** How far the clocks of a time zone are ahead of UTC then, in milliseconds; null where there is no such zone. */
function aheadOfUtc(zone: string, at: number): number | null {
  try {
    const wall = new Date(Math.floor(at / SECOND_MS) * SECOND_MS)
    const text = wall.toLocaleString('sv-SE', { timeZone: zone })
    return Date.parse(`${text.replace(' ', 'T')}Z`) - wall.getTime()
  } catch {
    return null
  }
}
