import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { openHost } from '../../src/places/host/host.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { createDays } from '../../src/runs/budget/days.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { CODEX_CHOICE, CODEX_ONLY } from '../helpers/agents.ts'
import { FAKE_CODEX, markOf, runsOf, serverLogOf, setUpFault, trailersIn } from '../helpers/fault-service.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'descriptors are counted in /proc')
  process.exit()
}

const WARM_UP = 10
const RUNS = 100

/** Those in /proc aside: there are two for each process of the machine, whoever's it is, and bounded. */
function descriptors(pid: number | 'self'): number {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // Closed since, as the one that the listing itself used.
      return '/proc/gone'
    }
  })
  return targets.filter((target) => !target.startsWith('/proc/')).length
}

t.test(
  `28: after ${RUNS} requests the service holds no more descriptors or processes than before`,
  async (t) => {
    const { service, run, logDir, watch } = await setUpFault(t)
    const pid = service.child.pid ?? 0
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    const settled = () => until('no child but the wrapper that waits', () => children().length === 1)
    for (let i = 0; i < WARM_UP; i++) await run('true')
    await settled()
    const before = descriptors(pid)
    for (let i = 0; i < RUNS; i++) {
      const { status } = await run(i % 10 === 0 ? 'setsid sleep 300 & exec sleep 300' : 'exit 0')
      if (status !== 200) t.equal(status, 200, `run ${i}`)
    }
    await service.post({ zulip_message: 'x', codex_prompt: '' })
    await settled()
    // Connections of callers come and go.
    await until('the descriptors of before', () => descriptors(pid) <= before)
    t.same(
      carriers(`${markOf(logDir)}`).filter((other) => other !== pid && String(other) !== children()[0]),
      [],
      'no process is left',
    )
    t.same(readdirSync(path.join(logDir, '.runs')), [], 'nor a state file')
    const runs = await runsOf(service)
    t.equal(runs.length, WARM_UP + RUNS)
    t.same(
      runs.filter(({ outcome, log_path }) => outcome === null || trailersIn(log_path ?? '') !== 1),
      [],
      'every one ended on the record, with its trailer once',
    )
    t.notMatch(serverLogOf(logDir), /"level":(50|60)/)
    t.same(watch.overlaps, [])
  },
)

t.test(`28: after ${RUNS} runs the heart holds no more timers and descriptors than before`, async (t) => {
  const dir = t.testdir({ logs: {} })
  const logDir = path.join(dir, 'logs')
  t.teardown(() => killCarriers(markOf(logDir)))
  const ledger = openLedger(path.join(logDir, 'looper.db'), (message) => t.fail(message))
  t.teardown(() => ledger.close())
  const stateDir = path.join(logDir, '.runs')
  const place = openHost({ stateDir, table: linuxTable(), clock: systemClock })
  const runs = createRuns({
    table: linuxTable(),
    clock: systemClock,
    agents: CODEX_ONLY,
    ledger,
    logger: pino({ level: 'silent' }),
    logDir,
    scope: 'own',
    graceMs: 2000,
    place,
    ownCookie: null,
    hurry: new AbortController().signal,
    env: () => ({ PATH: process.env.PATH, CODEX_EXEC_LOG_DIR: logDir }),
    minFreeMb: 0,
    maxRuns: 4,
    recheck: () => undefined,
    argvOfCheck: () => [],
    worktrees: NO_WORKTREES,
    maxLogBytes: 1_000_000,
    toolStallMs: 0,
    days: createDays({ ledger, clock: systemClock, cap: NO_BUDGET }),
    warning: { stallMs: 0, toolStallMs: 0 },
    mirror: null,
  })
  const launch = async (i: number) => {
    const requestId = String(i).padStart(8, '0')
    const { run } = await runOn(runs, {
      requestId,
      caller: null,
      slot: 'default',
      message: 'x',
      route: () => 'nowhere',
      ifRunning: 'replace',
      asked: '{}',
      notify: async () => ({ output: '', messageId: null }),
      delayMs: 0,
      startupCheckMs: i % 2 === 0 ? 60_000 : 0,
      launch: {
        requestId,
        trigger: 'http',
        caller: null,
        ...CODEX_CHOICE,
        name: 'a run',
        workspace: dir,
        prompt: 'exit 0',
        binary: { path: FAKE_CODEX, source: 'env' },
        timeoutMs: 60_000,
        stallMs: 60_000,
      },
    })
    await run?.ended
  }
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  for (let i = 0; i < WARM_UP; i++) await launch(i)
  const before = { timers: timers(), descriptors: descriptors('self') }
  for (let i = 0; i < RUNS; i++) await launch(WARM_UP + i)
  await until('the descriptors of before', () => descriptors('self') <= before.descriptors)
  t.ok(timers() <= before.timers, `${timers()} timers, ${before.timers} before`)
  t.same(runs.live(), [])
  await runs.close()
  await place.close()
  t.same(carriers(markOf(logDir)), [])
})
