import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openEvents } from '../helpers/events.ts'
import { FAKE_CODEX } from '../helpers/heart.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

const WAIT = 'until [ -e go ]; do sleep 0.02; done'

/** A service with the scripted agent, and ways to ask it. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir({ ws: {}, logs: {} })
  const workspace = path.join(dir, 'ws')
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    ...settings,
  })
  test.teardown(() => service.stop())
  const get = async (route: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${service.url}${route}`, { headers })
    const body: unknown = await response.json()
    return { status: response.status, body }
  }
  const run = async (codex_prompt: string, more: object = {}) => {
    const { status, body } = await service.post({ zulip_message: 'a run', codex_prompt, workspace, ...more })
    return { status, body, runId: String(body.run_id), result: body.codex_exec_result }
  }
  const outcomeOf = async (runId: string) =>
    Reflect.get(Object((await get(`/runs/${runId}`)).body), 'outcome')
  /** The run ids of a list. */
  const idsIn = (body: unknown): unknown[] => {
    const runs: unknown = Reflect.get(Object(body), 'runs')
    return Array.isArray(runs) ? runs.map((one) => one.run_id) : []
  }
  const ended = (runId: string) =>
    until('the end on the record', async () => (await outcomeOf(runId)) !== null)
  return { dir, workspace, service, get, run, ended, outcomeOf, idsIn }
}

t.test('a run is found under the id of the answer while it lives, and after its end', async (t) => {
  const { workspace, service, get, run, ended } = await setUp(t)
  t.strictSame(await get('/runs'), { status: 200, body: { runs: [], next_cursor: null } })
  const before = Date.now()
  const { runId, result } = await run(`${WAIT}; exit 3`, { timeout_seconds: 600, stall_seconds: '64.005' })
  const live = await get(`/runs/${runId}`)
  t.equal(live.status, 200)
  t.strictSame(await get('/runs/current'), live, 'it is the current one')
  t.match(live.body, {
    run_id: runId,
    trigger: 'http',
    agent: 'codex',
    workspace,
    prompt: `${WAIT}; exit 3`,
    binary: FAKE_CODEX,
    pid: result?.pid,
    log_path: result?.log_path,
    command: result?.command,
    outcome: null,
    return_code: null,
    cause: null,
    ended_at: null,
    notice: /^skipped|No Zulip|./,
    stopped_pids: [],
    timeout_seconds: 600,
    stall_seconds: 64.005,
    boot_id: textOf('/proc/sys/kernel/random/boot_id').trim() || String,
    agent_start_ticks: String,
    wrapper_pid: Number,
    wrapper_start_ticks: String,
  })
  const times = ['requested_at', 'announced_at', 'stopped_at', 'started_at'].map((name) =>
    Date.parse(Reflect.get(Object(live.body), name)),
  )
  t.ok(times.every((time) => time >= before && time <= Date.now()))

  const { events } = await openEvents(`${service.url}/runs/${runId}/log?follow=1`)
  writeFileSync(path.join(workspace, 'go'), '')
  let followed = ''
  for await (const { event, data } of events) {
    if (event === 'output') followed += JSON.parse(data).text
    else t.match(JSON.parse(data), { run_id: runId, outcome: 'exited', return_code: 3 })
  }
  t.equal(
    followed,
    textOf(String(result?.log_path)),
    'who follows it has its log, header and trailer included',
  )
  t.match(followed, /\n# codex_exec_return_code=3\n$/)
  await ended(runId)
  t.match(await get('/runs/current'), {
    status: 404,
    body: { code: 'LOOPER_RUN_NOT_FOUND', error: 'nothing runs' },
  })
  const over = await get(`/runs/${runId}`)
  t.match(over.body, {
    outcome: 'exited',
    return_code: 3,
    cause: null,
    output_bytes: Number,
    tokens_used: null,
  })
  t.type(Reflect.get(Object(over.body), 'ended_at'), 'string')
  const list = await get('/runs')
  const { prompt, binary, command, ...rest } = Object(over.body)
  for (const name of [
    'message',
    'reply',
    'boot_id',
    'agent_start_ticks',
    'wrapper_pid',
    'wrapper_start_ticks',
  ]) {
    Reflect.deleteProperty(rest, name)
  }
  t.same(list.body, { runs: [rest], next_cursor: null }, 'a list shows the same, without the details')
  t.ok(prompt && binary && command)
})

t.test('lists are newest first, 50 long, or as long as asked for', async (t) => {
  const { get, run, idsIn, ended, outcomeOf } = await setUp(t)
  const ids = []
  for (const prompt of ['sleep 300', 'sleep 300', 'true']) {
    const { runId } = await run(prompt)
    ids.unshift(runId)
  }
  await ended(String(ids[0]))
  t.same(idsIn((await get('/runs')).body), ids)
  t.same(idsIn((await get('/runs?limit=2')).body), ids.slice(0, 2))
  t.same(idsIn((await get('/runs?limit=500')).body), ids)
  t.equal(await outcomeOf(String(ids[2])), 'replaced')
  t.match((await get(`/runs/${ids[1]}`)).body, { cause: `replaced by run ${ids[0]}` })
})

t.test('a run that nobody knows is a 404 of the usual shape', async (t) => {
  const { get } = await setUp(t)
  for (const id of ['nobody', '%00', '..%2f..', "' OR 1=1 --"]) {
    t.match(
      await get(`/runs/${id}`),
      {
        status: 404,
        body: {
          ok: false,
          code: 'LOOPER_RUN_NOT_FOUND',
          error: /^there is no run /,
          remedy: 'GET /runs lists the recorded runs.',
          request_id: /^[0-9a-f]{8}$/,
        },
      },
      id,
    )
  }
})

t.test('the record is behind the token, too', async (t) => {
  const { get } = await setUp(t, { LOOPER_API_TOKEN: 'secret', LOOPER_HOST: '127.0.0.1' })
  for (const route of ['/runs', '/runs/nobody']) {
    t.match(await get(route), { status: 401, body: { code: 'LOOPER_UNAUTHORIZED' } })
    t.not((await get(route, { authorization: 'Bearer secret' })).status, 401)
  }
})

t.test('the record outlives the service, and where it lies can be set', async (t) => {
  const file = path.join(t.testdirName, 'records/ledger.db')
  const dir = t.testdir({ ws: {}, logs: {}, records: {} })
  const settings = { CODEX_EXEC_BINARY: FAKE_CODEX, LOOPER_DB_PATH: file }
  const first = await startTestService(path.join(dir, 'logs'), settings)
  t.teardown(() => first.stop())
  const { body } = await first.post({
    zulip_message: 'x',
    codex_prompt: 'sleep 300',
    workspace: path.join(dir, 'ws'),
  })
  await first.stop()
  t.ok(existsSync(file))
  const second = await startTestService(path.join(dir, 'logs'), settings)
  t.teardown(() => second.stop())
  const answer = await (await fetch(`${second.url}/runs/${body.run_id}`)).json()
  t.match(answer, { outcome: 'stopped', cause: 'the service was shut down' })
})

t.test('a timeout of the request ends its run on the record', async (t) => {
  const { run, ended, get } = await setUp(t)
  const { runId } = await run('sleep 300', { timeout_seconds: 0.3 })
  await ended(runId)
  t.match((await get(`/runs/${runId}`)).body, { outcome: 'timed_out', cause: 'it ran for 0.3 s' })
})
