import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { openHost } from '../../src/places/host/host.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { createDays } from '../../src/runs/budget/days.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { createAutopoll } from '../../src/triggers/autopoll/autopoll.ts'
import { CODEX_CHOICE, CODEX_ONLY } from '../helpers/agents.ts'
import {
  assertSettled,
  FAKE_CODEX,
  markOf,
  runsOf,
  serverLogOf,
  setUpFault,
  watchForTwo,
} from '../helpers/fault-service.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const HOUR_MS = 3_600_000
/** The wait after so many failures, at its shortest: spread by -25 %. */
const shortestWait = (pollMs: number, failures: number) => pollMs * 2 ** failures * 0.75

t.test(
  '18: runs that fail at once are waited for longer and longer, then paused and told once',
  async (t) => {
    const pollMs = 50
    const prompt = path.join(t.testdirName, 'prompt')
    const fault = await setUpFault(
      t,
      {
        LOOPER_WORKSPACE: path.join(t.testdirName, 'workspace'),
        LOOPER_DEFAULT_PROMPT_FILE: prompt,
        LOOPER_IDLE_POLL_SECONDS: String(pollMs / 1000),
        LOOPER_AUTO_MAX_RUNS_PER_HOUR: '1000',
      },
      { prompt: 'exit 1' },
    )
    const { zulip, logDir, watch, service } = fault
    const pauses = () => serverLogOf(logDir).split('"reason":"paused: 5 runs in a row failed').length - 1
    await until('the pause', () => pauses() >= 2)
    const failed = (await runsOf(service)).reverse()
    t.equal(failed.length, 5)
    for (const [failures, run] of failed.entries()) {
      t.match(run, { trigger: 'autopoll', outcome: 'exited', return_code: 1 })
      const before = failed[failures - 1]
      if (!before) continue
      const waited = Date.parse(run.requested_at ?? '') - Date.parse(before.ended_at ?? '')
      t.ok(waited >= shortestWait(pollMs, failures), `after ${failures} it waited ${waited} ms`)
    }
    t.match(zulip.messages, [{ content: /^Looper's autopoll pauses: 5 runs in a row failed/ }])

    await service.stop()
    const next = await fault.restart()
    const before = pauses()
    await until('it pauses on', () => pauses() >= before + 3)
    t.equal((await runsOf(next)).length, 5, 'a restart does not resume it')
    t.equal(zulip.messages.length, 1, 'nor tell it again')

    writeFileSync(prompt, 'exec sleep 300')
    t.equal((await fault.run('true', {}, next)).status, 200)
    await until('a request resumes it', async () => (await runsOf(next)).length === 7)
    const [live] = await runsOf(next)
    t.match(live, { trigger: 'autopoll', outcome: null })
    await until('it lives', () => carriers(live?.run_id ?? '-').length > 0)
    await assertSettled(t, next, watch, [live?.run_id ?? ''])
  },
)

/** The autopoll on the real heart, with a clock that can be put forward and back. */
function startAutopoll(test: Test, prompt: string, pollMs: number) {
  const dir = test.testdir({ logs: {} })
  const logDir = path.join(dir, 'logs')
  test.teardown(() => killCarriers(markOf(logDir)))
  let offset = 0
  const clock: Clock = { ...systemClock, now: () => Date.now() + offset }
  const lines: string[] = []
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const ledger = openLedger(path.join(logDir, 'looper.db'), (message) => test.fail(message))
  const runs = createRuns({
    table: linuxTable(),
    clock,
    agents: CODEX_ONLY,
    ledger,
    logger,
    logDir,
    scope: 'own',
    graceMs: 2000,
    place: openHost({ stateDir: path.join(logDir, '.runs'), table: linuxTable(), clock }),
    ownCookie: null,
    hurry: new AbortController().signal,
    env: () => ({ PATH: process.env.PATH, CODEX_EXEC_LOG_DIR: logDir }),
    minFreeMb: 0,
    maxRuns: 4,
    recheck: () => undefined,
    argvOfCheck: () => [],
    worktrees: NO_WORKTREES,
    maxLogBytes: 0,
    toolStallMs: 0,
    days: createDays({ ledger, clock: systemClock, cap: NO_BUDGET }),
    warning: { stallMs: 0, toolStallMs: 0 },
    mirror: null,
  })
  const watch = watchForTwo(test, logDir)
  const launches: number[] = []
  const closing = new AbortController()
  const polling = createAutopoll({
    runs,
    ledger,
    pollMs,
    clock,
    logger,
    logDir,
    staleMs: 0,
    slot: 'default',
    maxRunsPerHour: 1000,
    held: () => null,
    skipped: () => undefined,
    notify: async () => ({ output: '', messageId: null }),
    async prepare() {
      launches.push(performance.now())
      return {
        requestId: `auto0000000${launches.length}`,
        trigger: 'autopoll',
        caller: null,
        ...CODEX_CHOICE,
        name: 'a run',
        workspace: dir,
        prompt,
        binary: { path: FAKE_CODEX, source: 'env' },
        timeoutMs: 60_000,
        stallMs: 60_000,
      }
    },
  }).run(closing.signal)
  const close = async () => {
    closing.abort()
    await polling
    await runs.close()
  }
  return {
    ledger,
    launches,
    watch,
    jump: (ms: number) => {
      offset += ms
    },
    ticks: () => lines.filter((line) => line.includes('codex.exec.autopoll.skip')).length,
    lines,
    async close() {
      await close()
      ledger.close()
    },
  }
}

const JUMPS: Readonly<Record<string, number>> = {
  'set back an hour': -HOUR_MS,
  'put forward a day': 24 * HOUR_MS,
  'forward by 8 h of suspend': 8 * HOUR_MS,
}

for (const [name, ms] of Object.entries(JUMPS)) {
  t.test(`25: a clock ${name} brings no storm: one launch comes early at most`, async (t) => {
    const pollMs = 40
    const { launches, ledger, jump, lines, watch, close } = startAutopoll(t, 'exit 1', pollMs)
    await until('two failures', () => ledger.list({ limit: 9 }).filter(({ outcome }) => outcome).length === 2)
    jump(ms)
    await until('the pause', () => lines.some((line) => line.includes('paused: 5 runs')))
    t.equal(launches.length, 5)
    const early = launches.filter((at, failures) => {
      const before = launches[failures - 1]
      return before !== undefined && at - before < shortestWait(pollMs, failures)
    })
    t.ok(early.length <= 1, `${early.length} came early`)
    t.same(watch.overlaps, [])
    await close()
  })

  t.test(`25: a clock ${name} ends no run and launches no second one`, async (t) => {
    const { launches, ledger, jump, ticks, watch, close } = startAutopoll(t, 'exec sleep 300', 20)
    await until('it lives', () => ticks() > 1)
    jump(ms)
    const before = ticks()
    await until('more ticks', () => ticks() > before + 5)
    const [live, ...others] = ledger.list({ limit: 9 })
    t.same(others, [])
    t.equal(live?.outcome, null)
    t.ok(carriers(live?.runId ?? '-').length > 0)
    t.equal(launches.length, 1)
    await close()
    t.same(carriers(live?.runId ?? '-'), [])
    t.same(watch.overlaps, [])
  })
}
