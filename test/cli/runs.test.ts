import { symlinkSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { OUTCOMES } from '../../src/runs/outcome.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const NOW = Date.parse('2026-11-01T10:00:00Z')
const world = { clock: { ...systemClock, now: () => NOW } }

async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  return { service, url: service.url }
}

t.test('runs are listed, newest first, in columns', async (t) => {
  const { service, url } = await setUp(t)
  service.add({
    name: 'Nightly\u001b[2J tidy',
    outcome: 'exited',
    return_code: 0,
    ended_at: '2026-11-01T09:00:00Z',
    caller: 'ci\u001b[2J',
  })
  const older = service.add({
    outcome: 'failed_to_start',
    started_at: null,
    requested_at: null,
    trigger: 'autopoll',
  })
  for (const unknown of ['name', 'failed', 'remedy', 'agent', 'model', 'usage', 'cost_usd'])
    Reflect.deleteProperty(older, unknown)
  service.add({ workspace: '/home/someone/a/rather/long/path/to/a/repository' })
  t.match(await runCommand(['runs'], { url, world }), {
    status: 0,
    out: [
      'ID        OUTCOME            NAME              AGE  TOOK       AGENT  BY        WORKSPACE',
      '03000000    running          a run             2 h  1 h 59 m   codex  http      /home/someone/a/rather/long/path/to/a/repository',
      '02000000  ✗ failed to start                                           autopoll  /repo',
      '01000000  ✓ exited 0         Nightly␛[2J tidy  2 h  59 m 58 s  codex  ci␛[2J    /repo',
      '',
    ].join('\n'),
  })
})

t.test('agent, model, tokens and cost are shown, and go where a terminal is narrow', async (t) => {
  const { service, url } = await setUp(t)
  const ended = { outcome: 'exited', return_code: 0, ended_at: '2026-11-01T09:00:00Z' } as const
  const usage = { input: 80_000, cached: 0, output: 1_234, total: 81_234 }
  service.add({ ...ended, agent: 'claude', model: 'claude-sonnet-4-5-20250929', usage, cost_usd: 0.127 })
  service.add({ ...ended, tokens_used: 1_250_000, cost_usd: 0.004 })
  service.add({ tokens_used: null, usage: { ...usage, total: null } })
  const shown = async (columns?: number) => {
    const env = { NO_COLOR: '1' }
    return (await runCommand(['runs'], { url, world, env, ...(columns ? { columns } : {}) })).out
  }
  t.equal(
    await shown(),
    [
      'ID        OUTCOME     NAME   AGE  TOOK       AGENT   MODEL                       TOKENS  COST    BY    WORKSPACE',
      '03000000    running   a run  2 h  1 h 59 m   codex                                               http  /repo',
      '02000000  ✓ exited 0  a run  2 h  59 m 58 s  codex                               1.3M    <$0.01  http  /repo',
      '01000000  ✓ exited 0  a run  2 h  59 m 58 s  claude  claude-sonnet-4-5-20250929  81.2K   $0.13   http  /repo',
      '',
    ].join('\n'),
  )
  const titles = async (columns: number) => (await shown(columns)).split('\n')[0]?.split(/ +/).slice(5)
  t.match(await shown(98), ' claude-sonn…  81.2K ', 'a model is narrowed first')
  t.strictSame(await titles(97), ['AGENT', 'TOKENS', 'COST', 'BY', 'WORKSPACE'])
  t.strictSame(await titles(83), ['AGENT', 'COST', 'BY', 'WORKSPACE'])
  t.strictSame(await titles(75), ['AGENT', 'COST', 'WORKSPACE'])
  t.strictSame(await titles(69), ['AGENT', 'WORKSPACE'])
  t.strictSame(await titles(61), ['WORKSPACE'])
  t.strictSame(await titles(50), [])
})

t.test('on a terminal it fits the width and has colours, but for NO_COLOR', async (t) => {
  const { service, url } = await setUp(t)
  for (const outcome of [...OUTCOMES, null])
    service.add({ outcome, workspace: `/a/long/path/${'x'.repeat(99)}` })
  service.add({ outcome: 'exited', return_code: 0 })
  service.add({ outcome: 'exited', return_code: 1 })
  for (const [columns, width] of [
    [120, 120],
    [72, 72],
    [40, 40],
    [20, 20],
    [0, 80],
  ] as const) {
    const { out } = await runCommand(['runs'], { url, world, columns, env: { NO_COLOR: '1' } })
    for (const line of out.trimEnd().split('\n')) t.ok(line.length <= width, `${line.length} of ${width}`)
  }
  const { out } = await runCommand(['runs'], { url, world, columns: 200 })
  const colourOf = (text: string) => new RegExp(`\\[(\\d+)m${text}`).exec(out)?.[1]
  t.strictSame(
    [
      ...['  running', '✓ exited 0', '✗ exited 1', '  replaced', '  stopped'],
      ...['✗ lost', '✗ timed out', '✗ failed to start'],
    ].map(colourOf),
    ['36', '32', '31', '33', '33', '31', '31', '31'],
  )
  t.notMatch((await runCommand(['runs'], { url, world, columns: 200, env: { TERM: 'dumb' } })).out, '\u001b')
})

t.test('filters are handed on', async (t) => {
  const { service, url } = await setUp(t)
  const dir = t.testdir({ real: {} })
  symlinkSync('real', path.join(dir, 'link'))
  const asked = async (...args: string[]) => {
    const { status } = await runCommand(['runs', ...args], { url, world, cwd: dir })
    t.equal(status, 0, args.join(' '))
    return new URL(service.asked.at(-1)?.url ?? '', url).search
  }
  const encoded = (name: string) => encodeURIComponent(path.join(dir, name))
  t.equal(await asked(), '?limit=20')
  t.equal(
    await asked('--limit', '3', '--outcome', 'live,lost', '--trigger', 'http'),
    '?limit=3&outcome=live%2Clost&trigger=http',
  )
  t.equal(await asked('--workspace', 'link'), `?limit=20&workspace=${encoded('real')}`)
  t.equal(await asked('--workspace', 'gone'), `?limit=20&workspace=${encoded('gone')}`)
  t.equal(await asked('--since', '90m'), `?limit=20&since=${encodeURIComponent('2026-11-01T08:30:00.000Z')}`)
  t.equal(
    await asked('--since', '2026-10-31'),
    `?limit=20&since=${encodeURIComponent('2026-10-31T00:00:00.000Z')}`,
  )
})

t.test('a filter that cannot be meant so is told', async (t) => {
  const { url } = await setUp(t)
  t.match(await runCommand(['runs', '--since', 'yore'], { url }), {
    status: 2,
    err: /--since cannot be "yore"\nUse a date/,
  })
  for (const wrong of ['5', '2026', 'Tuesday 1', '2026-11-01T08:00 tomorrow'])
    t.match(await runCommand(['runs', '--since', wrong], { url }), {
      status: 2,
      err: /cannot be ".*"\nUse a date/,
    })
  t.match(await runCommand(['runs', '--since', '2026-02-31'], { url }), {
    status: 2,
    err: /--since: there is no 2026-02-31\nUse a date/,
  })
  t.match(await runCommand(['runs', '--failed', '--outcome', 'lost'], { url }), {
    status: 2,
    err: 'looper: use --failed or --outcome, not both\n',
  })
})

t.test('--failed lists those that ended badly', async (t) => {
  const { service, url } = await setUp(t)
  service.add({ outcome: 'exited', return_code: 0 })
  service.add({ outcome: 'exited', return_code: 1 })
  service.add({ outcome: 'stopped', return_code: -2 })
  for (const args of [['--failed'], ['--outcome', 'failed']]) {
    const { out } = await runCommand(['runs', ...args], { url, world })
    t.strictSame(out.match(/^\d+/gm), ['02000000'])
  }
})

t.test('no run is told aside; --json gives the page', async (t) => {
  const { service, url } = await setUp(t)
  t.match(await runCommand(['runs'], { url }), { status: 0, out: '', err: 'looper: there are no runs yet\n' })
  for (const narrowed of [['--failed'], ['--outcome', 'live'], ['--trigger', 'hook'], ['--since', '1h']]) {
    const { err } = await runCommand(['runs', ...narrowed], { url })
    t.equal(err, 'looper: no run matches\n', narrowed.join(' '))
  }
  const run = service.add()
  t.strictSame(JSON.parse((await runCommand(['runs', '--json'], { url })).out), {
    runs: [run],
    next_cursor: null,
  })
})
