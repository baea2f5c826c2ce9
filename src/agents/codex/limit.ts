import { globSync } from 'node:fs'
import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'
import { readPlain } from '../../base/plain-file.ts'
import { timeInSentence } from './sentence.ts'

/** A usage window, as codex 0.169 notes it in a rollout's `token_count` events. */
interface Window {
  readonly used_percent: number
  /** Seconds since the epoch. */
  readonly resets_at: number
}

const SECOND_MS = 1000
const FULL_PERCENT = 100
/** The longest window has a week; what lies further ahead is no reset. */
const MOST_AHEAD_MS = 35 * 86_400_000
/** A rollout has every word of its session; its last events are what counts. */
const MOST_BYTES = 1_048_576
const LIMIT = /^ERROR: .*(?:hit your usage limit|usage_limit_reached)/

/**
 * When a codex run may succeed again that failed at its usage limit, in milliseconds since the epoch; null where its last
 * error is another one, or nobody says when. The log says that there is a limit and names the session; the rollout in
 * `$CODEX_HOME/sessions` has the reset of the window that is full, to the second; else the sentence tells the minute.
 * @param endedAt when the run ended, in milliseconds since the epoch
 */
export function limitedUntil(output: string, env: NodeJS.ProcessEnv, endedAt: number): number | null {
  const last = output.match(/^ERROR: .*$/gm)?.at(-1)
  if (last === undefined || !LIMIT.test(last)) return null
  const session = /^session id: ([\w-]+)$/m.exec(output)?.[1]
  const resets = session === undefined ? [] : resetsIn(windowsOf(session, env))
  const until = resets.length > 0 ? Math.max(...resets) : timeInSentence(last, endedAt)
  return until !== null && until - endedAt <= MOST_AHEAD_MS ? until : null
}

const resetsIn = (windows: readonly Window[]) =>
  windows
    .filter(({ used_percent }) => used_percent >= FULL_PERCENT)
    .map(({ resets_at }) => resets_at * SECOND_MS)

/** The windows that the last event with rate limits in a session's rollout tells; none where it cannot be read. */
function windowsOf(session: string, env: NodeJS.ProcessEnv): Window[] {
  try {
    const home = env.CODEX_HOME ?? path.join(env.HOME ?? homeDirectory(), '.codex')
    const [rollout] = globSync(`sessions/*/*/*/rollout-*-${session}.jsonl`, { cwd: home })
    return rollout === undefined
      ? []
      : windowsIn(String(readPlain(path.join(home, rollout), MOST_BYTES, 'end')))
  } catch {
    return []
  }
}

function windowsIn(rollout: string): Window[] {
  const line = rollout
    .trimEnd()
    .split('\n')
    .findLast((event) => event.includes('"rate_limits"'))
  const limits: unknown = line === undefined ? null : JSON.parse(line).payload?.rate_limits
  return Object.values(Object(limits)).filter(isWindow)
}

function isWindow(value: unknown): value is Window {
  if (typeof value !== 'object' || value === null) return false
  return 'used_percent' in value && 'resets_at' in value && Number.isFinite(value.resets_at)
}
