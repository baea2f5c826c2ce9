import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { homeDirectory } from '../home.ts'

/** A usage window, as codex 0.169 notes it in a rollout's `token_count` events. */
interface Window {
  readonly used_percent: number
  /** Seconds since the epoch. */
  readonly resets_at: number
}

const SECOND_MS = 1000
const FULL_PERCENT = 100

/**
 * When a codex run may succeed again that ended at its usage limit, in milliseconds since the epoch; null where it
 * ended otherwise, or where its rollout file names no time. The log says that there is a limit and names the session;
 * `$CODEX_HOME/sessions` has the time.
 */
export function limitedUntil(output: string, env: NodeJS.ProcessEnv): number | null {
  if (!/^ERROR: .*hit your usage limit/m.test(output)) return null
  const session = /^session id: ([\w-]+)$/m.exec(output)?.[1]
  if (session === undefined) return null
  const home = env.CODEX_HOME ?? path.join(env.HOME ?? homeDirectory(), '.codex')
  const [rollout] = globSync(`sessions/*/*/*/rollout-*-${session}.jsonl`, { cwd: home })
  if (rollout === undefined) return null
  const windows = windowsIn(readFileSync(path.join(home, rollout), 'utf8'))
  const full = windows.filter(({ used_percent }) => used_percent >= FULL_PERCENT)
  const resets = (full.length > 0 ? full : windows).map(({ resets_at }) => resets_at * SECOND_MS)
  return resets.length === 0 ? null : Math.max(...resets)
}

/** The windows that the last event with rate limits tells. */
function windowsIn(rollout: string): Window[] {
  for (const line of rollout.trimEnd().split('\n').reverse()) {
    if (!line.includes('"rate_limits"')) continue
    const limits: unknown = JSON.parse(line).payload?.rate_limits
    return Object.values(Object(limits)).filter(isWindow)
  }
  return []
}

function isWindow(value: unknown): value is Window {
  if (typeof value !== 'object' || value === null) return false
  return 'used_percent' in value && 'resets_at' in value && Number.isFinite(value.resets_at)
}
