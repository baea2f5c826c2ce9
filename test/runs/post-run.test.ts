import path from 'node:path'
import t, { type Test } from 'tap'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { carriers } from '../helpers/processes.ts'
import { PROJECT, startTestService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Answers, as far as these tests look at them. */
interface Body {
  readonly run_id: string
  readonly outcome: string | null
  readonly codex_exec_result: { readonly pid: number }
  readonly current: { readonly run_id: string; readonly pid: number }
  readonly stopped_pids: readonly number[]
  readonly live_pids: readonly number[]
  readonly runs: readonly object[]
  readonly plan: object
  readonly autopoll: { readonly paused: boolean; readonly would_skip: string | null }
  readonly notice: object
  readonly started_at: string
}

/** A service with the scripted agent and a loopback Zulip. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir({ workspace: {}, logs: {} })
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  const workspace = path.join(dir, 'workspace')
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
    LOOPER_WORKSPACE: workspace,
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
    ...settings,
  })
  test.teardown(() => service.stop())
  const call = async (method: string, route: string, body?: object, headers: object = {}) => {
    const response = await fetch(service.url + route, {
      method,
      headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body }
  }
  const run = (prompt: string, more: object = {}, headers: object = {}) =>
    call('POST', '/run', { zulip_message: 'a run', codex_prompt: prompt, ...more }, headers)
  return { service, zulip, call, run, workspace, dir }
}

const ASYNC = { prefer: 'handling=lenient, Respond-Async' }

t.test('who prefers it is answered at once, and finds the run at its address', async (t) => {
  const { run, call } = await setUp(t)
  const answer = await run('exit 3', { codex_exec_startup_check_seconds: 60 }, ASYNC)
  t.equal(answer.status, 202)
  t.equal(answer.headers.get('preference-applied'), 'respond-async')
  t.match(answer.body, { ok: true, request_id: answer.headers.get('x-request-id') })
  const address = String(answer.headers.get('location'))
  t.equal(address, `/runs/${answer.body.run_id}`)
  await until('its end', async () => (await call('GET', address)).body.outcome !== null)
  t.match((await call('GET', address)).body, { outcome: 'exited', return_code: 3 })
  const stopOnly = await run('', {}, ASYNC)
  t.match(stopOnly, { status: 202, body: { run_id: null } })
  t.equal(stopOnly.headers.get('location'), null)
  t.match(await run('true', { wait: true }, ASYNC), {
    status: 400,
    body: { code: 'LOOPER_FIELD_INVALID', error: /^'wait' contradicts/ },
  })
})

t.test('the same key again gets the same 202, with its address', async (t) => {
  const { run, call, zulip } = await setUp(t)
  const headers = { ...ASYNC, 'idempotency-key': 'once' }
  const first = await run('true', {}, headers)
  const again = await run('true', {}, headers)
  t.equal(again.status, 202)
  t.same(again.body, first.body)
  t.equal(again.headers.get('location'), first.headers.get('location'))
  const address = `/runs/${first.body.run_id}`
  await until('its end', async () => (await call('GET', address)).body.outcome !== null)
  t.equal(zulip.messages.length, 1)
})

t.test('who waits is told the end, whatever it is', async (t) => {
  const { run, call } = await setUp(t)
  const failed = await run('printf "tokens used\\n1,234\\n"; exit 3', { wait: true })
  t.match(failed, {
    status: 200,
    body: {
      ok: true,
      codex_exec_started: true,
      outcome: 'exited',
      return_code: 3,
      cause: null,
      tokens_used: 1234,
    },
  })
  const refused = await run('echo "ERROR: unexpected status 401 Unauthorized"; exit 1', { wait: true })
  t.match(refused.body, { return_code: 1, cause: /401/, remedy: /codex login/ })
  t.match(await run('', { wait: true }), { status: 200, body: { run_id: null, codex_exec_started: false } })
  const waiting = run('exec sleep 300', { wait: true })
  await until('it runs', async () => (await call('GET', '/status')).body.current?.pid > 0)
  const { current } = (await call('GET', '/status')).body
  const stopped = await call('POST', `/runs/${current.run_id}/stop`)
  t.match(stopped, {
    status: 200,
    body: { ok: true, run: { outcome: 'stopped', cause: 'stopped by a request' }, remaining_pids: [] },
  })
  t.ok(stopped.body.stopped_pids.includes(current.pid))
  t.same(carriers(current.run_id), [])
  t.match(await waiting, { status: 200, body: { outcome: 'stopped', return_code: -2, tokens_used: null } })
  t.match(await call('POST', `/runs/${current.run_id}/stop`), {
    status: 409,
    body: { code: 'LOOPER_RUN_ENDED', error: `run ${current.run_id} has ended already: stopped` },
  })
  t.match(await call('POST', '/runs/nobody/stop'), { status: 404, body: { code: 'LOOPER_RUN_NOT_FOUND' } })
})

t.test('who wants to be skipped while an agent runs changes nothing', async (t) => {
  const { run, zulip } = await setUp(t)
  const live = await run('exec sleep 300')
  const requests = zulip.requests
  t.match(await run('true', { if_running: 'skip' }), {
    status: 200,
    body: {
      ok: true,
      skipped: true,
      reason: 'an agent is running',
      run_id: null,
      zulip_output: 'SKIPPED an agent is running',
      killed_codex_exec_pids: [],
      codex_exec_started: false,
      codex_exec_result: null,
    },
  })
  t.match(await run('true', { if_running: 'skip' }, ASYNC), { status: 202, body: { run_id: null } })
  t.equal(zulip.requests, requests)
  t.equal(carriers(live.body.run_id).length, 1)
  t.match(await run('true', { if_running: 'replace' }), {
    status: 200,
    body: { killed_codex_exec_pids: [live.body.codex_exec_result.pid] },
  })
})

t.test('a plan tells it all and does nothing', async (t) => {
  const { run, zulip, call, workspace } = await setUp(t)
  const live = await run('exec sleep 300')
  const requests = zulip.requests
  const { status, body } = await run('echo "it is"', { plan: true, timeout_seconds: 5 })
  t.equal(status, 200)
  t.match(body, {
    ok: true,
    plan: {
      would: 'run',
      notice: { message: 'a run', route: 'type=stream stream=coding topic=verified-cad' },
      stop: [
        {
          pid: live.body.codex_exec_result.pid,
          run_id: live.body.run_id,
          name: 'a run',
          age_seconds: Number,
          command: /sleep 300/,
          stoppable: true,
        },
      ],
      launch: {
        command: /LOOPER_RUN_ID=<run_id>' -- 'echo "it is"'$/,
        workspace,
        binary_source: 'env',
        delay_seconds: 0,
        timeout_seconds: 5,
        stall_seconds: 0,
      },
    },
  })
  t.match((await run('', { plan: true })).body.plan, { would: 'stop_only', launch: null })
  t.equal(zulip.requests, requests)
  t.equal((await call('GET', '/runs')).body.runs.length, 1)
  t.equal(carriers(live.body.run_id).length, 1)
})

t.test('fields of the wrong type are named', async (t) => {
  const { run } = await setUp(t)
  for (const [more, error] of [
    [{ wait: 'yes' }, "'wait' must be true or false"],
    [{ plan: 1 }, "'plan' must be true or false"],
    [{ if_running: 'stop' }, '\'if_running\' must be "replace", "skip", "queue", "coalesce" or "resume"'],
    [{ on_quota: 'wait' }, '\'on_quota\' must be "hold" or "fail"'],
    [{ isolate: 'container' }, '\'isolate\' must be "worktree"'],
    [{ tools: 'no' }, "'tools' must be true or false"],
    [{ slot: 'a b' }, /^'slot' must be a name of at most 64 letters/],
  ] as const) {
    t.match(await run('true', more), { status: 400, body: { code: 'LOOPER_FIELD_INVALID', error } })
  }
})

t.test('the status tells the slot, the run, the autopoll, the notices and the disk', async (t) => {
  const { run, call, dir, service } = await setUp(t)
  const idle = (await call('GET', '/status')).body
  t.match(idle, {
    ok: true,
    version: /^\d+\.\d+\.\d+/,
    agent: 'codex',
    slot: { taken: false, request_id: null, run_id: null, step: null },
    current: null,
    live_pids: [],
    autopoll: { enabled: false, next_at: null, would_skip: null, paused: false },
    notice: { kind: 'zulip', problem: null, last: null },
    disk: { path: path.join(dir, 'logs'), min_free_mb: 100, ok: true },
  })
  t.ok(Math.abs(Date.parse(idle.started_at) - Date.now()) < 60_000)
  const asked = run('exec sleep 300', { codex_exec_startup_check_seconds: 600 })
  await until('the startup check', () =>
    textOf(path.join(service.logDir, 'looper-server.log')).includes('startup_check'),
  )
  const { body } = await call('GET', '/status')
  t.match(body, {
    slot: { taken: true, request_id: /^[0-9a-f]{8}$/, run_id: body.current.run_id, step: 'startup_check' },
    current: { outcome: null, pid: body.live_pids[0] },
    notice: { last: { ok: true, output: /^OK message_id=/ } },
  })
  await call('POST', `/runs/${body.current.run_id}/stop`)
  t.match(await asked, { status: 409, body: { code: 'LOOPER_RUN_CANCELLED' } })
})

t.test('the status tells what the autopoll would do', async (t) => {
  const settings = { LOOPER_DEFAULT_PROMPT: 'exit 1', LOOPER_IDLE_POLL_SECONDS: '0.02' }
  const { call } = await setUp(t, settings)
  const poll = async () => (await call('GET', '/status')).body.autopoll
  let seen: Body['autopoll'] | undefined
  // A tick holds the slot itself while it looks, and is the reason until it has let go.
  await until('the pause', async () => {
    seen = await poll()
    return seen.paused && seen.would_skip !== 'another launch is in progress'
  })
  t.match(seen, { enabled: true, next_at: /^\d{4}-/, would_skip: /^paused: 5 runs/ })
})

t.test('the status tells why the autopoll cannot launch', async (t) => {
  const settings = {
    LOOPER_DEFAULT_PROMPT: 'true',
    LOOPER_IDLE_POLL_SECONDS: '0.02',
    CODEX_EXEC_BINARY: '/no/such/codex',
  }
  const { call } = await setUp(t, settings)
  const reason = async () => (await call('GET', '/status')).body.autopoll.would_skip
  await until(
    'the reason',
    async () => (await reason()) === 'required tool is missing from PATH: /no/such/codex',
  )
})

t.test('the status tells that notices fail', async (t) => {
  const { call, zulip, run } = await setUp(t)
  await zulip.close()
  t.equal((await run('true')).status, 500)
  t.match((await call('GET', '/status')).body.notice, { last: { ok: false, output: /^cannot reach/ } })
})

t.test(
  'who repeats a request that a crash cut off, and does not wait, is led to the run it began',
  async (t) => {
    const { run, service, dir } = await setUp(t)
    const headers = { ...ASYNC, 'idempotency-key': 'cut off' }
    const slow = { codex_exec_startup_check_seconds: 600 }
    const cut = run('exec sleep 300', slow, { 'idempotency-key': 'cut off' }).catch(() => null)
    const logDir = path.join(dir, 'logs')
    await until('the startup check', () =>
      textOf(path.join(logDir, 'looper-server.log')).includes('startup_check'),
    )
    service.child.kill('SIGKILL')
    await cut
    const next = await startTestService(logDir, {
      CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
    })
    t.teardown(() => next.stop())
    const again = await fetch(`${next.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ zulip_message: 'a run', codex_prompt: 'exec sleep 300', ...slow }),
    })
    t.equal(again.status, 202)
    const { runs } = (await (await fetch(`${next.url}/runs`)).json()) as Body
    t.equal(runs.length, 1)
    t.match(runs[0], { run_id: again.headers.get('location')?.replace('/runs/', ''), outcome: null })
  },
)
