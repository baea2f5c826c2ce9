import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { openHost } from '../../src/places/host/host.ts'
import { createWrappers } from '../../src/places/host/wrappers.ts'
import type { ProcessTable } from '../../src/processes/table.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { createDays } from '../../src/runs/budget/days.ts'
import type { RunRequest } from '../../src/runs/run.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { CODEX_CHOICE, CODEX_ONLY } from '../helpers/agents.ts'
import { narrowTable } from '../helpers/narrow-table.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { PROJECT, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'the narrowed table reads /proc')
  process.exit()
}

/** The heart with the whole machine as its scope, on a table that shows only this test's own processes. */
function setUp(test: Test, change: (table: ProcessTable) => Partial<ProcessTable> = () => ({})) {
  const mark = randomUUID()
  const dir = test.testdir({ bin: {}, logs: {} })
  const fake = path.join(dir, 'bin/codex')
  copyFileSync(path.join(PROJECT, 'test/fixtures/codex'), fake)
  chmodSync(fake, 0o755)
  test.teardown(() => {
    killCarriers(mark)
  })
  const narrow = narrowTable(mark)
  const table = { ...narrow, ...change(narrow) }
  const env = { PATH: process.env.PATH, MARK: mark }
  const ledger = openLedger(path.join(dir, 'looper.db'), (message) => test.fail(message))
  test.teardown(() => ledger.close())
  const stateDir = path.join(dir, 'logs/.runs')
  const wrappers = createWrappers(stateDir)
  const runs = createRuns({
    table,
    clock: systemClock,
    agents: CODEX_ONLY,
    scope: 'machine',
    graceMs: 600,
    // None waits: what lives is counted by its mark.
    place: { ...openHost({ stateDir, table, clock: systemClock }), prepare: () => undefined },
    logDir: path.join(dir, 'logs'),
    ownCookie: mark,
    hurry: new AbortController().signal,
    ledger,
    minFreeMb: 0,
    maxRuns: 4,
    recheck: () => undefined,
    argvOfCheck: () => [],
    worktrees: NO_WORKTREES,
    maxLogBytes: 0,
    toolStallMs: 0,
    days: createDays({ ledger, clock: systemClock, cap: NO_BUDGET }),
    warning: { stallMs: 0, toolStallMs: 0 },
    logger: pino({ level: 'silent' }),
    env: () => env,
    mirror: null,
  })
  const start = (file: string, args: string[], more: { argv0?: string; env?: NodeJS.ProcessEnv } = {}) =>
    spawn(file, args, {
      cwd: dir,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...env, ...more.env },
      ...(more.argv0 ? { argv0: more.argv0 } : {}),
    })
  // It names the log.
  let asked = 0
  const request = (prompt = '', slot = 'default'): RunRequest => ({
    requestId: `test${++asked}`,
    caller: null,
    slot,
    route: () => 'nowhere',
    ifRunning: 'replace',
    asked: '{}',
    message: 'x',
    notify: async () => ({ output: '', messageId: null }),
    launch: prompt
      ? {
          requestId: `test${asked}`,
          trigger: 'http',
          caller: null,
          ...CODEX_CHOICE,
          slot,
          sharesWorkspace: true,
          name: 'a run',
          workspace: dir,
          prompt,
          binary: { path: fake, source: 'env' },
          timeoutMs: 0,
          stallMs: 0,
        }
      : null,
    delayMs: 0,
    startupCheckMs: 0,
  })
  const reset = (prompt = '', slot = 'default') => runOn(runs, request(prompt, slot))
  return { runs, start, reset, request, fake, dir, mark, startWrapper: () => wrappers.take(env).child }
}

const pidOf = ({ pid }: ChildProcess) => pid ?? 0

t.test('a plan tells how long an agent has run that nobody here launched', async (t) => {
  const { runs, start, request, fake } = setUp(t)
  const pid = pidOf(start(fake, ['exec', 'sleep 300']))
  await until('it is seen', async () => (await runs.occupation()).agents.includes(pid))
  const { stop } = await runs.plan(request())
  t.match(stop, [{ pid, runId: null, name: null, ageSeconds: Number, stoppable: true }])
  t.ok(Number(stop[0]?.ageSeconds) <= process.uptime())
})

t.test('no turn is taken where a stranger lives, also one that comes as the slot is taken', async (t) => {
  let looksBlind = 0
  const { runs, start, request, fake } = setUp(t, (table) => ({
    commands: async () => (looksBlind-- > 0 ? [] : table.commands()),
  }))
  const waits = { ...request('sleep 300'), ifRunning: 'queue' as const }
  const pid = pidOf(start(fake, ['exec', 'sleep 300']))
  await until('it is seen', async () => (await runs.occupation()).agents.includes(pid))
  t.match(await runs.start(waits), { kind: 'waiting' })
  const prepare = async () => waits
  looksBlind = 0
  t.same(await runs.next('default', prepare), { kind: 'live' })
  looksBlind = 1
  t.same(await runs.next('default', prepare), { kind: 'live' })
  t.equal((await runs.occupation()).obstacle, 'live')
})

t.test('every codex exec of this user is stopped, whoever started it, and no bystander', async (t) => {
  const { start, reset, fake, dir, mark, startWrapper } = setUp(t)
  writeFileSync(path.join(dir, 'codex-exec-1.log'), '')
  const script = `#!/bin/sh\nsleep 300\n`
  writeFileSync(path.join(dir, 'codex.js'), script)
  const agents = [
    start(fake, ['exec', 'sleep 300']),
    start(fake, ['e', '--', 'sleep 300']),
    start(fake, ['--ask-for-approval', 'never', 'exec', '-C', '/', 'sleep 300']),
    start(fake, ['-c', 'model=x', 'exec', 'setsid sleep 300']),
  ]
  const bystanders = [
    start('tail', ['-f', 'codex-exec-1.log']),
    start('grep', ['codex exec']),
    start('/bin/sh', ['-c', 'sleep 300; : codex exec']),
    start('/bin/sh', ['-c', 'sleep 300; :', 'codex', 'exec'], { argv0: 'vim' }),
    start(fake, ['review', 'sleep 300']),
    start(fake, ['sleep 300; : codex exec']),
    startWrapper(),
  ]
  await until('they all run', () => carriers(mark).length >= agents.length * 2 + bystanders.length)
  const result = await reset()
  t.same([...result.stopped].sort(), agents.map(pidOf).sort())
  t.same(result.remaining, [])
  await until('the agents are gone', () => agents.every((child) => !carriers(mark).includes(pidOf(child))))
  for (const child of bystanders) {
    t.ok(carriers(mark).includes(pidOf(child)), child.spawnargs.join(' '))
  }
})

t.test('the default slot stops every codex exec but what belongs to runs in other slots', async (t) => {
  const { start, reset, request, fake, mark, runs } = setUp(t)
  const stranger = pidOf(start(fake, ['exec', 'sleep 300']))
  // An agent as its tool, in its tree, and one that left it and hides its cookie.
  const code = `'${fake}' exec 'sleep 300' & setsid env -u LOOPER_RUN_ID '${fake}' exec 'sleep 300' & sleep 300`
  const { run } = await reset(code, 'elsewhere')
  const itsOwn = () => carriers(mark).filter((pid) => pid !== stranger)
  await until('all of it runs', () => carriers(mark).length >= 9)
  const before = itsOwn().length
  const occupied = await runs.occupation()
  t.same(occupied.agents, [stranger])
  t.same(
    (await runs.plan(request('true'))).stop.map(({ pid }) => pid),
    [stranger],
  )
  const other = await reset('sleep 300')
  t.same(other.stopped, [stranger])
  await until('the stranger is gone', () => !carriers(mark).includes(stranger))
  const alive = carriers(mark)
  t.ok(alive.includes(run?.agent.pid ?? 0))
  t.ok(before > 5 && alive.length > before, 'and all that it started')
  // A slot of its own never looks at strangers.
  const next = pidOf(start(fake, ['exec', 'sleep 300']))
  await until('it runs', () => carriers(mark).includes(next))
  t.same((await reset('', 'elsewhere')).stopped, [run?.agent.pid])
  t.ok(carriers(mark).includes(next))
  t.ok(carriers(mark).includes(other.run?.agent.pid ?? 0))
  await runs.close()
})

t.test(
  'a foreign run with a cookie is swept by it; the tree that the service itself is in is not',
  async (t) => {
    const { start, reset, fake, mark } = setUp(t)
    const foreign = randomUUID()
    start(fake, ['exec', '(setsid sleep 300 &) ; sleep 300'], { env: { LOOPER_RUN_ID: foreign } })
    const sibling = start('sleep', ['300'], { env: { LOOPER_RUN_ID: mark } })
    start(fake, ['exec', 'sleep 300'], { env: { LOOPER_RUN_ID: mark } })
    await until('they all run', () => carriers(mark).length >= 6)
    t.equal((await reset()).stopped.length, 2)
    t.same(carriers(foreign), [])
    t.same(carriers(mark), [pidOf(sibling)])
  },
)

t.test('the child of a launcher that is started alike belongs to its parent', async (t) => {
  const { start, reset, fake, mark } = setUp(t)
  const launcher = start(fake, ['exec', '(sleep 300; :) & wait'])
  await until('its fork, and the tool of that', () => carriers(mark).length === 3)
  t.same((await reset()).stopped, [pidOf(launcher)])
  t.same(carriers(mark), [])
})

t.test('an ancestor of the service is never a stale agent', async (t) => {
  // What the service would see if it ran below "codex exec": its parent's argv is one.
  const { reset } = setUp(t, () => ({
    commands: async () => [{ pid: process.ppid, argv: ['codex', 'exec', 'run the service'] }],
    signal: () => Promise.reject(new Error('signalled')),
  }))
  t.same((await reset()).stopped, [])
})

t.test('an agent of another user, or one that is gone by now, is left alone', async (t) => {
  const { reset } = setUp(t, () => ({
    commands: async () => [
      { pid: 1, argv: ['codex', 'exec'] },
      { pid: 4_194_303, argv: ['codex', 'exec'] },
    ],
    isOwnUser: async () => false,
    signal: () => Promise.reject(new Error('signalled')),
  }))
  t.same((await reset()).stopped, [])
})

t.test('what cannot be stopped is told', async (t) => {
  const { start, reset, fake } = setUp(t, () => ({ signal: async () => false }))
  const child = start(fake, ['exec', 'sleep 300'])
  await until('it runs', async () => (await narrowTable('').inspect(pidOf(child))) !== null)
  const { stopped, remaining } = await reset()
  t.same(stopped, [pidOf(child)])
  t.same(remaining, [pidOf(child)])
})

t.test('a shutdown does not wait for what cannot be stopped', async (t) => {
  const { runs, reset, mark } = setUp(t, () => ({ signal: async () => false }))
  const { run } = await reset('sleep 300')
  await runs.close()
  t.ok(carriers(mark).includes(run?.agent.pid ?? 0))
  killCarriers(`LOOPER_RUN_ID=${run?.runId}`)
  t.match(await run?.ended, { outcome: 'stopped', returnCode: -9 })
})
