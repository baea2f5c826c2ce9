import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { RunSummary } from '../src/runs/run-schemas.ts'
import { UNSAID_ANSWER } from '../test/helpers/agents.ts'

/** Has the page be told something else than the service says. @param change what becomes of an answer */
export async function change(
  page: Page,
  address: string | RegExp,
  change: (answer: Record<string, unknown>, body: Record<string, unknown>) => object,
): Promise<void> {
  await page.route(address, async (route) => {
    // The page asks on its own, also while the test ends: then nobody waits for the answer.
    const response = await route.fetch().catch(() => null)
    if (response === null) return
    const answer = await response.json()
    const changed = response.ok() ? change(answer, route.request().postDataJSON() ?? {}) : answer
    await route.fulfill({ response, json: changed })
  })
}

/** Has the service refuse. */
export async function refuse(page: Page, address: string | RegExp, status: number, error: object) {
  await page.route(address, (route) => route.fulfill({ status, json: { ok: false, ...error } }))
}

export const STATUS = /\/status$/
export const RUNS = /\/runs\?/
export const PLAN = /\/run$/

const NAMES = [
  'Make the boolean kernel exact on coplanar faces',
  'Nightly: update dependencies',
  'Fix the flaky export test',
  'Review of the open merge requests, with notes for each of them and a summary at the end',
  'Translate the manual',
]
const ENDS = [
  ['exited', 0],
  ['exited', 1],
  ['replaced', null],
  ['timed_out', null],
  ['exited', 0],
  ['stopped', null],
  ['lost', null],
] as const

/** Runs of many days, newest first. @param now in milliseconds since the epoch */
export function manyRuns(now: number, count: number): RunSummary[] {
  return Array.from({ length: count }, (_, index) => {
    const [outcome, return_code] = ENDS[index % ENDS.length] ?? ENDS[0]
    const begin = now - (index + 1) * 5.3 * 3_600_000
    const at = (ms: number) => new Date(ms).toISOString()
    const failed = outcome === 'exited' ? return_code !== 0 : outcome === 'timed_out' || outcome === 'lost'
    return {
      run_id: `run-${index}`,
      request_id: `request-${index}`,
      trigger: index % 3 === 0 ? 'autopoll' : 'http',
      caller: index % 3 === 0 ? null : 'ci',
      name: NAMES[index % NAMES.length] ?? '',
      failed,
      remedy: null,
      ...UNSAID_ANSWER,
      agent: 'codex',
      slot: 'default',
      share_workspace: false,
      workspace: '/srv/projects/kernel',
      pid: 4000 + index,
      log_path: null,
      waiting: false,
      outcome,
      return_code,
      cause: null,
      requested_at: at(begin),
      announced_at: at(begin),
      stopped_at: at(begin),
      started_at: at(begin + 1000),
      ended_at: at(begin + 1000 + (index % 5) * 700_000 + 42_000),
      notice: null,
      notice_id: null,
      stopped_pids: [],
      output_bytes: 0,
      tokens_used: null,
      timeout_seconds: 0,
      stall_seconds: 0,
      silent_since: null,
    }
  })
}

/** The path of axe-core, or null where it is not installed (AXE_PATH names another place). */
export function axePath(): string | null {
  if (process.env.AXE_PATH) return process.env.AXE_PATH
  try {
    return createRequire(import.meta.url).resolve('axe-core')
  } catch {
    return null
  }
}
