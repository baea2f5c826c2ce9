import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createRunLog } from '../../src/logs/run-log.ts'
import { openHost } from '../../src/places/host/host.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { RunIntent } from '../../src/record/run-record.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { createDays } from '../../src/runs/budget/days.ts'
import type { LaunchRequest, RunRequest } from '../../src/runs/run.ts'
import type { RunsDeps } from '../../src/runs/runs.ts'
import { CODEX_CHOICE, CODEX_ONLY } from './agents.ts'
import { NO_WORKTREES } from './no-worktrees.ts'
import { killCarriers } from './processes.ts'
import { PROJECT } from './service.ts'

/** The scripted agent. */
export const FAKE_CODEX = path.join(PROJECT, 'test/fixtures/codex')

/** Nothing but a prompt is asked for. */
export const PLAIN_TASK = { dir: '/none', model: null, system: null, session: null, args: [] } as const

/** What the heart is made of, real but for nothing, in a directory of its own; and ways to ask it for runs. */
export function heartOf(test: Test, more: Partial<RunsDeps> = {}) {
  const mark = randomUUID()
  const dir = test.testdir({ logs: {}, ws: {} })
  const logDir = path.join(dir, 'logs')
  const stateDir = path.join(logDir, '.runs')
  const workspace = path.join(dir, 'ws')
  const dbPath = path.join(dir, 'looper.db')
  const events: Record<string, unknown>[] = []
  const told: string[] = []
  const ledger = openLedger(dbPath, (message) => told.push(message))
  test.teardown(() => {
    killCarriers(mark)
    try {
      ledger.close()
    } catch {
      // The test closed it.
    }
  })
  const deps: RunsDeps = {
    table: linuxTable(),
    clock: systemClock,
    agents: CODEX_ONLY,
    scope: 'own',
    graceMs: 1000,
    // None waits: what lives is counted by its mark.
    place: { ...openHost({ stateDir, table: linuxTable(), clock: systemClock }), prepare: () => undefined },
    logDir,
    ownCookie: null,
    hurry: new AbortController().signal,
    ledger,
    minFreeMb: 0,
    maxRuns: 4,
    recheck: () => undefined,
    argvOfCheck: ({ line }) => ['/bin/sh', '-c', line],
    worktrees: NO_WORKTREES,
    maxLogBytes: 0,
    toolStallMs: 0,
    days: createDays({ ledger, clock: systemClock, cap: NO_BUDGET }),
    warning: { stallMs: 0, toolStallMs: 0 },
    logger: pino({ level: 'trace' }, { write: (line: string) => events.push(JSON.parse(line)) }),
    env: () => ({ PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID, MARK: mark }),
    mirror: null,
    ...more,
  }

  let count = 0
  const launchOf = (prompt: string, changes: Partial<LaunchRequest> = {}): LaunchRequest => ({
    requestId: `0000000${++count}`,
    trigger: 'http',
    caller: null,
    ...CODEX_CHOICE,
    name: 'a run',
    workspace,
    prompt,
    binary: { path: FAKE_CODEX, source: 'env' },
    timeoutMs: 0,
    stallMs: 0,
    ...changes,
  })
  const intentOf = (
    { binary, agent, system: _system, session: _session, ...request }: LaunchRequest,
    runId: string,
  ): RunIntent => ({
    ...request,
    runId,
    agent: agent.name,
    binary: binary.path,
    requestedAt: Date.now(),
  })

  return {
    deps,
    dir,
    stateDir,
    workspace,
    dbPath,
    ledger,
    mark,
    events,
    told,
    launchOf,
    /** The messages of the log under a name. */
    eventsOf: (name: string) => events.filter(({ msg }) => msg === name),
    /** Puts an intent on the record, as the heart does before anything else. */
    begin(prompt: string, changes: Partial<LaunchRequest> = {}) {
      const request = launchOf(prompt, changes)
      const runId = randomUUID()
      ledger.begin(intentOf(request, runId))
      return { runId, request }
    },
    requestOf(launch: LaunchRequest | null, changes: Partial<RunRequest> = {}): RunRequest {
      return {
        requestId: launch?.requestId ?? '0a0b0c0d',
        caller: null,
        slot: launch?.slot ?? 'default',
        message: 'a run',
        route: () => 'nowhere',
        ifRunning: 'replace',
        asked: '{}',
        notify: async () => ({ output: 'announced', messageId: null }),
        launch,
        delayMs: 0,
        startupCheckMs: 0,
        ...changes,
      }
    },
    /** What an earlier life of the service left: a run that was launched, on the record as far as it came. */
    async leftBy(
      prompt: string,
      recorded = { log: true, launch: true },
      changes: Partial<LaunchRequest> = {},
    ) {
      const { runId, request } = this.begin(prompt, changes)
      const command = codex.command({ ...PLAIN_TASK, binary: FAKE_CODEX, workspace, prompt, runId })
      const header = { requestId: request.requestId, workspace, command: 'codex exec' }
      const { path: logPath, headerBytes } = await createRunLog(logDir, header, new Date())
      if (recorded.log) ledger.step(runId, { command: 'codex exec', logPath, headerBytes })
      const launched = await deps.place.launch({
        env: deps.env(),
        runId,
        workspace,
        command,
        logPath,
        assertAllowed: () => undefined,
      })
      const { agent: agentIdentity, wrapper: wrapperIdentity } = launched
      if (recorded.launch) ledger.step(runId, { launchedAt: Date.now(), agentIdentity, wrapperIdentity })
      return { ...launched, runId, logPath, statePath: path.join(stateDir, runId) }
    },
  }
}
