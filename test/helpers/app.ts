import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { type AppOptions, buildApp } from '../../src/app.ts'
import { systemClock } from '../../src/base/clock.ts'
import { LooperError } from '../../src/base/errors.ts'
import { createFailures } from '../../src/http/failures.ts'
import type { Opened } from '../../src/plugin.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { createChanges } from '../../src/runs/changes/changes.ts'
import type { RequestDefaults } from '../../src/runs/request.ts'
import type { RunRequest, RunResult } from '../../src/runs/run.ts'
import type { Runs } from '../../src/runs/runs.ts'
import { observeLedger } from '../../src/runs/steps.ts'
import { type AutopollRoutesOptions, autopollRoutes } from '../../src/triggers/autopoll/routes.ts'
import { AutopollState } from '../../src/triggers/autopoll/schemas.ts'
import { stateOf } from '../../src/triggers/autopoll/status.ts'
import { type HookRoutesOptions, hookRoutes } from '../../src/triggers/hooks/routes.ts'
import { apiRoutes } from '../../src/views/api/routes.ts'
import { dashboardRoutes } from '../../src/views/dashboard/routes.ts'
import type { Metrics } from '../../src/views/metrics/metrics.ts'
import { metricsRoutes } from '../../src/views/metrics/routes.ts'
import { statusRoutes } from '../../src/views/status/routes.ts'
import { NO_DAYS } from './days.ts'
import { NO_WORKTREES } from './no-worktrees.ts'

/** Milliseconds since the epoch: the tests' present. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

/** Runs that only tell that they were asked: "break" fails, "busy" is busy, "later" fails after it began. */
export function tellingRuns(): { runs: Runs; asked: RunRequest[] } {
  const asked: RunRequest[] = []
  const result: RunResult = {
    noticeOutput: 'sent',
    stopped: [7],
    remaining: [],
    run: null,
    startupReturnCode: null,
  }
  const start: Runs['start'] = async (request) => {
    if (request.message === 'busy') throw new LooperError('LOOPER_BUSY', 'busy: another run is in progress')
    asked.push(request)
    if (request.message === 'break') throw new Error('a secret detail')
    const done = request.message === 'later' ? Promise.reject(new Error('it did not work')) : result
    return { kind: 'started', runId: `run-${asked.length}`, done: Promise.resolve(done) }
  }
  const runs: Runs = {
    adopt: async () => undefined,
    adopted: async () => undefined,
    start,
    plan: async ({ message, route }) => ({
      would: 'stop_only',
      notice: { message, route: route() },
      stop: [],
      launch: null,
    }),
    stop: async () => null,
    park: async () => null,
    goOn: () => null,
    occupation: async () => ({ obstacle: null, agents: [] }),
    slots: () => [],
    launchIfIdle: async () => ({ kind: 'busy' }),
    live: () => [],
    close: async () => undefined,
    handOver: async () => undefined,
    next: async () => ({ kind: 'none' }),
    holds: {
      of: () => null,
      all: () => [],
      agents: () => [],
      assertFree: () => undefined,
      begins: () => undefined,
      ended: () => undefined,
      release: () => false,
      tick: () => null,
    },
    days: NO_DAYS,
    changed: () => new Promise(() => undefined),
    wake: () => undefined,
  }
  return { runs, asked }
}

/** What an app for a test may be made of; the plug-ins' routes are all there. */
export interface TestAppOptions extends Partial<AppOptions>, Partial<AutopollRoutesOptions> {
  readonly hooks?: Pick<HookRoutesOptions, 'file' | 'env'>
  readonly metrics?: Pick<Metrics, 'text'>
}

/** An agent whose program is there. */
const AT_HAND = { ...codex, program: { ...codex.program, configured: process.execPath } }

/** What the gaps of a request are filled with where little is set. */
export const defaultsOf = (test: Test): RequestDefaults => ({
  workspace: null,
  prompt: { kind: 'none' },
  delayMs: 0,
  startupCheckMs: 0,
  timeoutMs: 0,
  stallMs: 0,
  agents: { all: [AT_HAND], standard: AT_HAND, known: AT_HAND },
  findRun: () => null,
  worktrees: NO_WORKTREES,
  liveIn: () => null,
  agentEnv: () => ({}),
  places: { projectDir: '/', home: '/', searchPath: '' },
  logDir: test.testdirName,
  announce: async () => ({ output: '', messageId: null }),
  route: () => 'nowhere',
  announceByScript: () => async () => ({ output: '', messageId: null }),
  access: {
    workspaceRoots: [{ path: '/', withoutDotDirectories: false }],
    programs: () => new Map(),
    executables: () => new Map(),
    scripts: () => new Set(),
  },
})

/** The app without a service around it; each event of its log is in `events`. */
export async function buildTestApp(
  test: Test,
  { hooks, autopoll = null, metrics, ...options }: TestAppOptions = {},
) {
  const { runs, asked } = tellingRuns()
  const events: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line) => events.push(JSON.parse(line)) })
  // Not the test's own directory: making that again would empty it.
  const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-app-'))
  const dbPath = path.join(dir, 'looper.db')
  const { ledger, steps } = observeLedger(openLedger(dbPath, () => undefined))
  test.teardown(() => rmSync(dir, { recursive: true }))
  const made: Omit<AppOptions, 'plugins'> = {
    logger,
    requestLogger: logger,
    redact: (text) => text,
    hosts: { allowed: [], pages: [], origins: [], others: 'none' },
    tokens: null,
    failures: createFailures({ monotonic: () => 0 }),
    problems: async () => [],
    changes: createChanges({
      dir: path.join(dir, '.changes'),
      git: () => '/usr/bin/git',
      env: {},
      clock: systemClock,
      logger,
      hurry: new AbortController().signal,
    }),
    clock: { ...systemClock, now: () => NOW },
    runs,
    ledger,
    steps,
    defaults: defaultsOf(test),
    ...options,
  }
  const plugin: Opened = {
    async publicRoutes(open) {
      await open.register(apiRoutes, { routes: open.described, version: '1.2.3' })
      await open.register(dashboardRoutes)
      if (hooks) await open.register(hookRoutes, { ...made, ...hooks })
    },
    async routes(guarded) {
      await guarded.register(statusRoutes, {
        version: '1.2.3',
        startedAt: NOW,
        agent: codex.name,
        findings: [],
        runs,
        ledger,
        parts: [{ name: 'autopoll', schema: AutopollState, look: () => stateOf(null) }],
        notice: () => ({ kind: 'log', route: null, problem: null, last: null }),
        logDir: dir,
        minFreeMb: 0,
      })
      await guarded.register(autopollRoutes, { autopoll })
      await guarded.register(metricsRoutes, { metrics: metrics ?? { text: async () => '' } })
    },
  }
  const app = await buildApp({ ...made, plugins: [plugin] })
  test.teardown(async () => {
    await app.close()
    ledger.close()
  })
  return { app, asked, events, ledger, dbPath }
}
