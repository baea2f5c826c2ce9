/** @import { RunSummary } from './api.js' */
/** @typedef {'live' | 'ok' | 'bad' | 'quiet'} Tone */
/** @typedef {{ icon: string, tone: Tone, label: string }} Verdict */

/** A length of time, to the second and in two units at most: `4s`, `12m 04s`, `3h 07m`, `2d 5h`. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes === 0) return `${seconds}s`
  if (hours === 0) return `${minutes}m ${two(seconds % 60)}s`
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`
  return `${Math.floor(hours / 24)}d ${hours % 24}h`
}

/** A number of bytes, in steps of 1024: `830 B`, `1.4 KB`, `52 MB`. @param {number} count */
export function bytes(count) {
  let value = count
  let unit = 'B'
  for (const larger of ['KB', 'MB', 'GB', 'TB']) {
    if (value < 1024) break
    value /= 1024
    unit = larger
  }
  return `${unit === 'B' || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

/** A moment, short: the time, with the day where it is not today's. @param {string} iso @param {number} now */
export function moment(iso, now) {
  const date = new Date(iso)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`
  if (date.toDateString() === new Date(now).toDateString()) return time
  const day = `${date.getDate()} ${date.toLocaleString('en', { month: 'short' })}`
  return `${day}${date.getFullYear() === new Date(now).getFullYear() ? '' : ` ${date.getFullYear()}`}, ${time}`
}

/** A moment in full, as whoever looks counts time: `Thursday, 26 November 2026 at 19:26:14 UTC`. @param {string} iso */
export function fullTime(iso) {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'long' })
}

/** The time of day, to the second. @param {number} ms since the epoch */
export function clockTime(ms) {
  const date = new Date(ms)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/** The day of a moment, for a heading: `Today`, `Yesterday`, `Monday, 23 November`. @param {string} iso @param {number} now */
export function dayName(iso, now) {
  const date = new Date(iso)
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return 'Today'
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)
  if (date.toDateString() === yesterday.toDateString()) return 'Yesterday'
  const year = date.getFullYear() === today.getFullYear() ? '' : ` ${date.getFullYear()}`
  const day = `${date.toLocaleString('en', { weekday: 'long' })}, ${date.getDate()}`
  return `${day} ${date.toLocaleString('en', { month: 'long' })}${year}`
}

/** The moments in a sentence of the service, as whoever looks counts time. @param {string} text @param {number} now */
export function withLocalTimes(text, now) {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) =>
    Number.isNaN(Date.parse(iso)) ? iso : moment(iso, now),
  )
}

/** How people call a run. @param {RunSummary} run */
export function nameOf({ name, run_id }) {
  return name ?? run_id
}

/** Whether a run ended, and not well. @param {RunSummary} run */
export function isFailed({ failed, outcome, return_code }) {
  if (failed !== undefined) return failed
  return outcome === 'exited' ? return_code !== 0 : !FINE.has(outcome)
}

/** @type {ReadonlySet<string | null>} */
const FINE = new Set([null, 'replaced', 'stopped', 'parked'])

/** How long a run has run, or ran, in milliseconds; null where it never began. @param {RunSummary} run @param {number} now */
export function runningMs({ started_at, ended_at, outcome }, now) {
  if (started_at === null) return null
  if (ended_at !== null) return Date.parse(ended_at) - Date.parse(started_at)
  return outcome === null ? now - Date.parse(started_at) : null
}

/** What became of a run: in words, with an icon, and with a tone that only repeats them. @param {RunSummary} run @returns {Verdict} */
export function verdict({ outcome, return_code, started_at, waiting, verdict: checked }) {
  if (waiting) return { icon: 'wait', tone: 'quiet', label: 'waiting' }
  switch (outcome) {
    case null:
      return started_at === null
        ? { icon: 'wait', tone: 'live', label: 'starting' }
        : { icon: 'live', tone: 'live', label: 'running' }
    case 'exited':
      return return_code === 0
        ? checkedVerdict(checked)
        : { icon: 'cross', tone: 'bad', label: `exited ${return_code}` }
    case 'signaled':
      return { icon: 'bolt', tone: 'bad', label: `signal ${-Number(return_code)}` }
    case 'replaced':
      return { icon: 'swap', tone: 'quiet', label: 'replaced' }
    case 'stopped':
    case 'parked':
      return { icon: 'stop', tone: 'quiet', label: outcome }
    case 'timed_out':
      return { icon: 'clock', tone: 'bad', label: 'timed out' }
    case 'stalled':
      return { icon: 'clock', tone: 'bad', label: 'stalled' }
    case 'over_budget':
      return { icon: 'stop', tone: 'bad', label: 'over budget' }
    case 'failed_to_start':
      return { icon: 'cross', tone: 'bad', label: 'failed to start' }
    case 'lost':
      return { icon: 'lost', tone: 'bad', label: 'lost' }
  }
}

/** Of a run that ended well, as far as its agent says: what its check says counts more. @param {RunSummary['verdict'] | undefined} checked @returns {Verdict} */
function checkedVerdict(checked) {
  if (checked === 'refuted') return { icon: 'cross', tone: 'bad', label: 'exited 0, refuted' }
  return { icon: 'check', tone: 'ok', label: checked ? `exited 0, ${checked}` : 'exited 0' }
}

/** What became of a run, in words that also say whether that is bad. @param {RunSummary} run */
export function told(run) {
  const { label } = verdict(run)
  return isFailed(run) && label !== 'failed to start' ? `failed, ${label}` : label
}

/** Who or what asked for a run. @param {RunSummary} run */
export function askedBy({ trigger, caller }) {
  return caller === null ? trigger : `${trigger} by ${caller}`
}

/** The last part of a path. @param {string} path */
export function baseName(path) {
  return path.replace(/\/+$/, '').replace(/^.*\//, '') || path
}

/** The first line of a text, cut to a length. @param {string} text @param {number} length */
export function firstLine(text, length) {
  const [line = ''] = text.trim().split('\n')
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, '0')
}

/** A number of tokens, short: `830`, `12.4k`, `3.1M`. @param {number} count */
export function tokens(count) {
  if (count < 1000) return String(count)
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M']
  return `${value < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${unit}`
}

/** All tokens of a run, as far as they are known. @param {RunSummary} run @returns {number | null} */
export function tokensOf({ usage, tokens_used }) {
  return usage?.total ?? tokens_used
}

/** What did a run, and what it took, in a line. @param {RunSummary} run @param {boolean} namesAgent */
export function spent(run, namesAgent) {
  const count = tokensOf(run)
  return [
    namesAgent && run.agent,
    run.model,
    count !== null && `${tokens(count)} tokens`,
    run.cost_usd != null && cost(run.cost_usd),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** What something cost: `$0.0042`, `$1.20`. @param {number} usd */
export function cost(usd) {
  if (usd === 0 || usd >= 0.1) return `$${usd.toFixed(2)}`
  return usd < 0.0001 ? '< $0.0001' : `$${usd.toFixed(4)}`
}

/** @type {Readonly<Record<NonNullable<RunSummary['error_kind']>, string>>} */
const ERROR_NAMES = {
  quota: 'Usage limit',
  budget: 'Budget used up',
  auth: 'Not logged in',
  network: 'Model not reached',
  context_full: 'Context full',
  refused: 'Refused',
  crashed: 'Crashed',
  other: 'Error',
}

/** A kind of error in words. @param {NonNullable<RunSummary['error_kind']>} kind */
export function errorName(kind) {
  return ERROR_NAMES[kind]
}
