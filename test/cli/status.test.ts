import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { Status } from '../../src/cli/status.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const NOW = Date.parse('2026-11-01T10:00:00Z')
const world = { clock: { ...systemClock, now: () => NOW } }

const NOTHING_WAITS = { pending: 0, given_up: 0, oldest_pending_at: null }

const IDLE: Status = {
  ok: true,
  token: null,
  findings: [],
  version: '0.1.0',
  started_at: '2026-11-01T07:00:00Z',
  agent: 'codex',
  slot: { taken: false, request_id: null, run_id: null, step: null },
  slots: [],
  holds: [],
  current: null,
  live_pids: [],
  autopoll: { enabled: false, next_at: null, would_skip: null, paused: false },
  notice: { kind: 'log', route: null, problem: null, last: null },
  outbox: NOTHING_WAITS,
  today: null,
  disk: { path: '/logs', free_mb: 5000, min_free_mb: 100, ok: true },
  problems: {},
}

async function setUp(test: Test, changes: Partial<Status> = {}) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  service.status = { ...IDLE, ...changes }
  return {
    service,
    url: service.url,
    show: async () => (await runCommand(['status'], { url: service.url, world })).out,
  }
}

t.test('an idle service', async (t) => {
  const { show, url } = await setUp(t)
  t.equal(
    await show(),
    `Looper 0.1.0 at ${url}, up 3 h

run       nothing is running, and there are no runs yet
slot      free
autopoll  off
notices   to the server log only
disk      4.9 GB free in /logs
`,
  )
})

t.test('an idle service that had a run tells how it ended', async (t) => {
  const { show, service } = await setUp(t)
  service.add({
    outcome: 'lost',
    cause: 'the machine was restarted',
    remedy: 'Ask again.',
    ended_at: '2026-11-01T09:30:00Z',
  })
  t.match(
    await show(),
    '          last 01000000 a run, by http: lost 30 m ago: the machine was restarted\n          → Ask again.\n',
  )
  service.add({ outcome: null, caller: 'ci' })
  t.match(await show(), '          last 02000000 a run, by ci (http): running\n')
})

t.test('a busy service: what runs since when, its last line, who is next', async (t) => {
  const { show, service } = await setUp(t)
  const run = service.add({}, 'first\nlast \u001b[31mwords\u001b[2J\n')
  service.status = {
    ...IDLE,
    current: run,
    slot: {
      taken: true,
      request_id: 'x',
      run_id: '0b000000-0000-4000-8000-000000000001',
      step: 'startup_check',
    },
    live_pids: [run.pid ?? 0, 77],
    autopoll: { enabled: true, next_at: '2026-11-01T10:02:00Z', would_skip: 'a run lives', paused: false },
    notice: {
      kind: 'zulip',
      route: 'type=stream stream=coding topic=t',
      problem: 'Invalid API key',
      last: { at: '2026-11-01T09:59:00Z', ok: false, output: 'Invalid API key' },
    },
    outbox: { pending: 2, given_up: 1, oldest_pending_at: '2026-11-01T09:50:00Z' },
    disk: { path: '/logs', free_mb: 5, min_free_mb: 100, ok: false },
  }
  const shown = await show()
  t.equal(
    shown.slice(shown.indexOf('run ')),
    `run       running 01000000 a run for 1 h 59 m, by http
          /repo
          pid ${run.pid}, log ${run.log_path}
          > last words␛[2J
slot      taken by 0b000000, at startup check
autopoll  checks in 2 m
          would launch nothing: a run lives
notices   Zulip type=stream stream=coding topic=t
          Invalid API key
          1 m ago: Invalid API key
          2 messages waiting for 10 m
          1 message given up; see GET /outbox
disk      5 MB free in /logs, and 100 MB are needed
others    other live agents: 77
`,
  )
})

t.test('whether people are heard, and why not', async (t) => {
  const { show, service } = await setUp(t)
  const lines = async (connected_since: string | null, last_error: string | null) => {
    service.status = { ...IDLE, hearing: { connected_since, last_error } }
    const shown = await show()
    return shown.slice(shown.indexOf('people'), shown.indexOf('disk'))
  }
  t.equal(await lines('2026-11-01T09:48:00Z', null), 'people    heard for 12 m\n')
  t.equal(
    await lines('2026-11-01T09:48:00Z', 'it was away'),
    'people    heard for 12 m\n          it was away\n',
  )
  t.equal(await lines(null, 'it is away'), 'people    nobody is heard\n          it is away\n')
  service.status = { ...IDLE, hearing: null }
  t.notMatch(await show(), 'people')
})

t.test('how many questions of agents are open', async (t) => {
  const { show, service } = await setUp(t)
  service.status = { ...IDLE, asks: { open: 2 } }
  t.match(await show(), '\nasks      2 questions of agents open; "looper asks" shows them\n')
  for (const asks of [{ open: 0 }, null]) {
    service.status = { ...IDLE, asks }
    t.notMatch(await show(), '\nasks')
  }
})

t.test('a run that gives no sign of life is told, and since when', async (t) => {
  const { show, service } = await setUp(t)
  service.status = { ...IDLE, current: service.add({ silent_since: '2026-11-01T09:48:00Z' }) }
  t.match(await show(), /^ {10}no sign of life for 12 m$/m)
  t.match((await runCommand(['show'], { url: service.url, world })).out, /^silent {5}.*, 12 m ago$/m)
})

t.test('a cap over the disk is told, and where it cannot be kept', async (t) => {
  const { show, service } = await setUp(t)
  const cap = { cap_mb: 2048, used_mb: 1024, kept_mb: 10, ok: true, checked_at: '2026-11-01T09:59:00Z' }
  const shown = async (disk_cap: object) => {
    service.status = { ...IDLE, disk_cap }
    return show()
  }
  t.match(await shown(cap), /^cap {7}1 GB of at most 2 GB$/m)
  const over = { ...cap, used_mb: 3072, ok: false }
  t.match(await shown(over), /^cap {7}3 GB of at most 2 GB\n {10}→ looper disk shows what has to stay$/m)
  t.notMatch(await shown({ ...cap, used_mb: null }), /^cap/m)
  t.notMatch(await shown({ ...cap, cap_mb: null }), /^cap/m)
})

t.test('an agent at its usage limit is told, and how to release it', async (t) => {
  const at = '2026-11-01T09:00:00.000Z'
  const held = { agent: 'claude', since: at, until: null, held_until: null, run_id: 'a', waiting_count: 1 }
  const { show, service } = await setUp(t, { holds: [held] })
  t.match(
    await show(),
    /^limit {5}claude waits until another run .*; 1 run waits\n {10}→ looper holds release claude$/m,
  )
  const { holds: _holds, ...older } = service.status
  service.status = older
  t.notMatch(await show(), /^limit/m)
})

t.test('what is not known yet is left out', async (t) => {
  const { show, service } = await setUp(t)
  service.status = {
    ...IDLE,
    current: service.add({ started_at: null, log_path: null, pid: null }, null),
    slot: { taken: true, request_id: null, run_id: null, step: null },
    autopoll: { enabled: true, next_at: null, would_skip: null, paused: false },
    notice: {
      kind: 'zulip',
      route: null,
      problem: null,
      last: { at: '2026-11-01T09:59:00Z', ok: true, output: 'OK' },
    },
  }
  const shown = await show()
  t.match(
    shown,
    'run       starting 01000000 a run, by http\n          /repo\nslot      taken by a request\n',
  )
  t.match(shown, 'autopoll  on\nnotices   Zulip\n          1 m ago: OK\n')
  service.status = {
    ...service.status,
    autopoll: { enabled: true, next_at: null, would_skip: null, paused: true },
  }
  t.match(await show(), 'autopoll  paused; "looper autopoll resume" resumes it\n')
})

t.test('who asks, and which settings are wrong', async (t) => {
  const { show, service } = await setUp(t)
  service.status = {
    ...service.status,
    token: { name: 'ci', scope: 'read' },
    findings: [{ check: 'codex', problem: 'no codex\u001b[2J on PATH', remedy: 'Install it.' }],
  }
  t.match(await show(), 'token     ci (read)\ncodex     no codex␛[2J on PATH\n          → Install it.\n')
})

t.test('--json gives the answer as it came', async (t) => {
  const { url } = await setUp(t)
  t.strictSame(JSON.parse((await runCommand(['status', '--json'], { url })).out), IDLE)
})

t.test('what the service cannot tell, and why', async (t) => {
  const { show, service } = await setUp(t, {
    live_pids: null,
    holds: null,
    autopoll: null,
    notice: null,
    outbox: null,
    disk: null,
    problems: {
      current: 'the ledger is gone',
      live_pids: 'no /proc',
      holds: 'no ledger',
      autopoll: 'no directory',
      notice: 'no file',
    },
  })
  const shown = (await show()).split('\n').slice(2).join('\n')
  t.equal(
    shown,
    `run       unknown: the ledger is gone
slot      free
limits    unknown: no ledger
autopoll  unknown: no directory
notices   unknown: no file
disk      unknown: the service gives no reason
others    unknown: no /proc
`,
  )
  const { problems, ...older } = service.status
  service.status = {
    ...older,
    disk: IDLE.disk,
    autopoll: IDLE.autopoll,
    notice: IDLE.notice,
    live_pids: [],
    holds: [],
  }
  t.match(await show(), 'nothing is running', 'one that says nothing of problems has none')
})

t.test('what was used today is told as far as there is anything of it', async (t) => {
  const { service, show } = await setUp(t)
  const today = {
    day: '2026-11-01',
    tokens: 0,
    max_tokens: null,
    cost_usd: 0,
    max_cost_usd: null,
    spent: false,
  }
  const until = '2026-11-02T00:00:00.000Z'
  const lineOf = async (changes: Partial<typeof today> | object) => {
    service.status = { ...IDLE, today: { ...today, until, ...changes } }
    return /^today +(.*)$/m.exec(await show())?.[1]
  }
  t.equal(await lineOf({}), undefined)
  t.equal(await lineOf({ tokens: 1234 }), '1,234 tokens')
  t.equal(await lineOf({ max_tokens: 5000 }), '0 of 5,000 tokens')
  t.equal(await lineOf({ cost_usd: 0.5 }), '$0.50')
  t.equal(await lineOf({ tokens: 7, cost_usd: 0.5, max_cost_usd: 2 }), '7 tokens, $0.50 of $2.00')
  t.equal(await lineOf({ tokens: 9, max_tokens: 9, spent: true }), '9 of 9 tokens')
  t.match(await show(), /→ nothing is launched for /)
})
