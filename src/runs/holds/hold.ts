import type { QuotaEnd } from './quota-end.ts'

/** What a request wants where the usage limit of its agent is reached, before it begins or while it runs. */
export const ON_QUOTA = ['hold', 'fail'] as const
/** What a request wants where the usage limit of its agent is reached. */
export type OnQuota = (typeof ON_QUOTA)[number]

/** That the usage limit of an agent is reached. It is remembered until a run of the agent shows that it is no more. */
export interface Hold {
  readonly agent: string
  /** When the limit was met; in milliseconds since the epoch, as all times here. */
  readonly since: number
  /** When it is reset, as the agent told it; null where it did not, or told a time that makes no sense. */
  readonly until: number | null
  /** Nothing of the agent is launched before. */
  readonly tryAt: number
  /** How often in a row the limit was met again after that. */
  readonly tries: number
  /** The run that alone was let through to see whether the limit still stands; null: none yet. */
  readonly probe: string | null
  /** The run that met the limit last. */
  readonly runId: string
  /** Whether people were told. */
  readonly isTold: boolean
}

/** A run that met the limit. */
export interface Met extends QuotaEnd {
  readonly agent: string
  readonly runId: string
  readonly launchedAt: number
  /** Whether it got something done before. */
  readonly hasWorked: boolean
}

const MINUTE_MS = 60_000
/** Where nobody knows when the limit is reset, a run is let through after this long, then after twice as long each time. */
const FIRST_PROBE_MS = 5 * MINUTE_MS
const LAST_PROBE_MS = 240 * MINUTE_MS
/** Clocks of two machines differ a little. */
const SLACK_MS = 2000
/** The longest windows of today have a month; what lies further ahead is no reset. */
const MOST_AHEAD_MS = 35 * 24 * 60 * MINUTE_MS

const probeMs = (tries: number) => Math.min(LAST_PROBE_MS, FIRST_PROBE_MS * 2 ** tries)

/**
 * The hold when a run has met the usage limit. A limit that is met again right after its reset is waited for longer and longer,
 * whatever the agent says. Pure.
 * @param before the hold of the agent until now; null: none
 */
export function heldAfter(before: Hold | null, met: Met, now: number): Hold {
  const { agent, runId } = met
  const until = plausible(met.until, now)
  const reset = until === null ? null : until + SLACK_MS
  // What was launched before the limit was met by another run meets the same one.
  if (before !== null && met.launchedAt < before.tryAt) {
    if (reset === null) return { ...before, runId }
    const isLater = before.until === null || reset > before.tryAt
    return isLater ? { ...before, runId, until, tryAt: reset } : { ...before, runId }
  }
  const isAgain = before !== null && !met.hasWorked
  const tries = isAgain ? before.tries + 1 : 0
  const least = isAgain || reset === null ? now + probeMs(reset === null ? tries : tries - 1) : now
  // Each probe that finds the same is no news; a time that nobody knew is.
  const isTold = isAgain && before.isTold && until === null
  return { agent, since: now, until, tryAt: Math.max(least, reset ?? 0), tries, probe: null, runId, isTold }
}

/** Whether only one run is let through when its time has come: nobody knows whether the limit still stands then. */
export const isUnsure = ({ until, tries }: Hold): boolean => until === null || tries > 0

/** The same hold by a clock that was set back meanwhile: what is left of it is at most what it had. */
export function byClock(hold: Hold, now: number): Hold {
  if (hold.since <= now + MINUTE_MS) return hold
  const ms = Math.min(MOST_AHEAD_MS, Math.max(0, hold.tryAt - hold.since))
  return { ...hold, since: now, until: hold.until === null ? null : now + ms, tryAt: now + ms }
}

function plausible(until: number | null, now: number): number | null {
  return until !== null && until > now && until - now <= MOST_AHEAD_MS ? until : null
}
