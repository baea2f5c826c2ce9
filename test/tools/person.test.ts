import { appendFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { hashToken, type Scope } from '../../src/http/tokens.ts'
import { endOf, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { callTool as call, connectMcp, toolNames } from '../helpers/mcp.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const READING = ['get_run', 'list_loops', 'list_runs', 'read_log']
const RUNNING = [...READING, 'answer', 'control_loop', 'plan_run', 'start_run', 'stop_run'].sort()
const ALL = [...RUNNING, 'set_loop'].sort()

/** A service without tokens, and a client of it. */
async function setUp(t: Test, settings: NodeJS.ProcessEnv = {}) {
  const fault = await setUpFault(t, settings)
  return { ...fault, client: await connectMcp(t, fault.service.url, null) }
}

/** The answer of a tool, as JSON. */
const ask = async (...args: Parameters<typeof call>) => JSON.parse(await call(...args))

t.test("a person's agent starts a run, looks at it, reads its log and stops it", async (t) => {
  const { client, service, workspace, zulip } = await setUp(t)
  t.same(await toolNames(client), ALL)
  const wanted = {
    message: 'by a tool',
    prompt: 'for i in 1 2 3; do echo "line $i"; done; exec sleep 300',
    workspace,
    timeout_seconds: 3600,
    max_tokens: 5000,
  }
  const planned = await ask(client, 'plan_run', wanted)
  t.match(planned, { would: 'run', stop: [], launch: { workspace, max_tokens: 5000 } })
  t.match(planned.launch.command, 'sleep 300')
  t.equal(zulip.messages.length, 0)
  t.same(await ask(client, 'list_runs'), { runs: [] })

  const { run_id } = await ask(client, 'start_run', wanted)
  await until('it lives', async () => (await recordOf(service, run_id)).pid !== null)
  t.match(await recordOf(service, run_id), { trigger: 'http', caller: null, timeout_seconds: 3600 })
  t.match(await ask(client, 'get_run', { run_id }), { run_id, message: 'by a tool', max_tokens: 5000 })
  const { runs } = await ask(client, 'list_runs', { outcome: 'live' })
  t.match(runs, [{ run_id, name: 'by a tool', slot: 'default' }])
  t.notOk('outcome' in runs[0], 'what is not known takes no words')
  await until('it wrote', async () => (await call(client, 'read_log', { run_id })).includes('line 3'))
  t.match(await ask(client, 'read_log', { run_id, lines: 1 }), { text: 'line 3\n', is_over: false })

  const stopped = await ask(client, 'stop_run', { run_id })
  t.match(stopped, { run_id, outcome: 'stopped', remaining_pids: [] })
  t.ok(stopped.stopped_pids.length > 0)
  t.same(carriers(run_id), [])
  t.match(await recordOf(service, run_id), { cause: 'stopped by a request' })
  t.match(await call(client, 'stop_run', { run_id }), /^error: LOOPER_RUN_ENDED: run .* has ended already/)
})

t.test('what cannot be is told with its code, and nothing is done', async (t) => {
  const { client, service, workspace, run } = await setUp(t)
  const refused = async (name: string, args: object, error: RegExp) =>
    t.match(await call(client, name, { ...args }), error, name)
  for (const name of ['get_run', 'read_log', 'stop_run'])
    await refused(name, { run_id: 'none' }, /^error: LOOPER_RUN_NOT_FOUND: /)
  for (const name of ['start_run', 'plan_run']) {
    await refused(name, { message: 'm', prompt: 'x' }, /^error: LOOPER_WORKSPACE_MISSING: /)
    await refused(name, { message: 'm', workspace }, /^error: LOOPER_PROMPT_MISSING: /)
    await refused(name, { message: 'm', prompt: 'x', workspace, agent: 'none' }, /^error: LOOPER_/)
    await refused(name, { message: '  ' }, /^error: .*message/)
    await refused(name, { message: 'm', caller: 'root' }, /^error: /)
  }
  await refused('list_runs', { cursor: 'nonsense' }, /^error: LOOPER_FIELD_INVALID: 'cursor'/)
  await refused('list_runs', { limit: 101 }, /^error: /)
  await refused('read_log', { run_id: 'x', lines: 0 }, /^error: /)
  t.same(await ask(client, 'list_runs'), { runs: [] })

  const { runId } = await run('exec sleep 300')
  const more = { message: 'm', prompt: 'exit 0', workspace }
  t.match(await call(client, 'start_run', { ...more, if_running: 'skip' }), /^Nothing was begun/)
  const queued = await ask(client, 'start_run', { ...more, if_running: 'queue' })
  t.match(queued, { waiting_ahead: 0 })
  t.match(await call(client, 'read_log', { run_id: queued.run_id }), /^error: LOOPER_LOG_NOT_FOUND: /)
  await ask(client, 'stop_run', { run_id: runId })
  await endOf(service, runId)
})

t.test('a list comes in pages', async (t) => {
  const { client, run, service } = await setUp(t)
  for (let i = 0; i < 3; i++) await endOf(service, (await run('exit 0')).runId)
  const first = await ask(client, 'list_runs', { limit: 2 })
  t.equal(first.runs.length, 2)
  const second = await ask(client, 'list_runs', { limit: 2, cursor: first.next_cursor })
  t.equal(second.runs.length, 1)
  t.notOk('next_cursor' in second)
})

t.test('a log is read in bounded parts, on and on, whatever is in it', async (t) => {
  const { client, run, service } = await setUp(t)
  const { runId: run_id, log } = await run('exit 0')
  await endOf(service, run_id)
  const begin = (await ask(client, 'read_log', { run_id })).size
  const wide = `${'ü'.repeat(20_000)}\n`
  appendFileSync(log, `one\n\u001b[31mred\u001b[0m\n${wide}${'x'.repeat(200_000)}\nlast`)
  t.match(await ask(client, 'read_log', { run_id, from: begin, lines: 2 }), { text: 'one\nred\n' })

  const last = await ask(client, 'read_log', { run_id })
  t.equal(last.next, last.size)
  t.equal(last.next - last.from, 32_768, 'the end of it, and no more')
  t.match(last.text, /^x+\nlast$/)

  let text = ''
  for (let from = begin; from < last.size; ) {
    const part = await ask(client, 'read_log', { run_id, from, lines: 1000 })
    t.ok(part.next > from && part.next - from <= 32_768)
    text += part.text
    from = part.next
  }
  t.match(text, /^one\nred\nü+\n?/)
  t.ok(text.endsWith('x\nlast'))
  t.match(await ask(client, 'read_log', { run_id, from: last.size + 10 }), { text: '', is_over: true })
})

t.test('long texts of a run are cut', async (t) => {
  const { client, run, service } = await setUp(t)
  const { runId: run_id } = await run(`: ${'y'.repeat(50_000)}`)
  await endOf(service, run_id)
  const { prompt } = await ask(client, 'get_run', { run_id })
  t.match(prompt, /^: y+… \(50002 characters in all\)$/)
  t.ok(prompt.length < 9000)
})

t.test('a token of the service sees and does what its scope allows', async (t) => {
  const scopes: Record<string, Scope> = { reader: 'read', runner: 'run', owner: 'admin' }
  const file = path.join(t.testdirName, 'tokens.json')
  const tokens = Object.entries(scopes).map(([name, scope]) => ({ name, scope, sha256: hashToken(name) }))
  const old = { name: 'old', scope: 'admin' as const, sha256: hashToken('old'), expires: '2001-01-01' }
  const settings = { LOOPER_TOKENS_FILE: file, LOOPER_HOST: '127.0.0.1' }
  const files = { 'tokens.json': JSON.stringify({ tokens: [...tokens, old] }) }
  const { service, workspace, logDir } = await setUpFault(t, settings, files)
  const { url } = service

  const reader = await connectMcp(t, url, 'reader')
  t.same(await toolNames(reader), READING)
  const wanted = { message: 'm', prompt: 'exec sleep 300', workspace }
  for (const name of ['start_run', 'plan_run', 'stop_run'])
    await t.rejects(call(reader, name, wanted), /not found/, 'as if there were none')
  t.same(await ask(reader, 'list_runs'), { runs: [] })
  t.same(await toolNames(await connectMcp(t, url, 'owner')), ALL)

  const runner = await connectMcp(t, url, 'runner')
  t.same(await toolNames(runner), RUNNING)
  t.match(await ask(runner, 'plan_run', { ...wanted, prompt: ' ' }), { would: 'stop_only', launch: null })
  const { run_id } = await ask(runner, 'start_run', wanted)
  t.match(await ask(reader, 'get_run', { run_id }), { caller: 'runner' }, 'the token says who')
  await ask(runner, 'stop_run', { run_id })
  t.match(await ask(reader, 'get_run', { run_id }), { cause: 'stopped by runner' })
  const lines = () => textOf(path.join(logDir, 'looper-server.log'))
  await until('the log tells', () => /"caller":"runner","tool":"start_run".*"tool\.done"/.test(lines()))

  const answer = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const accept = 'application/json, text/event-stream'
    const all = { accept, 'content-type': 'application/json', ...headers }
    const response = await fetch(`${url}/mcp`, { method: 'POST', headers: all, body })
    return { status: response.status, text: await response.text() }
  }
  t.match(
    await answer({ 'x-looper-token': 'reader' }),
    { status: 200, text: 'list_runs' },
    'the older header',
  )
  t.match(await answer({ authorization: 'Basic eDp5', 'x-looper-token': 'reader' }), { status: 200 })
  t.match(await answer({ authorization: 'Bearer old' }), { status: 401, text: 'LOOPER_TOKEN_EXPIRED' })
  t.match(await answer({}), { status: 401, text: 'LOOPER_UNAUTHORIZED' })
  for (let i = 0; i < 25; i++) await answer({ authorization: 'Bearer wrong' })
  t.match(await answer({ authorization: 'Bearer wrong' }), { status: 429, text: 'LOOPER_RATE_LIMITED' })
  t.match(await answer({ authorization: 'Bearer reader' }), { status: 200 }, 'a good one still works')
})

t.test('where no token is asked for, one that is shown has to be good all the same', async (t) => {
  const { service } = await setUpFault(t)
  for (const headers of [
    { authorization: 'Bearer of-a-run-that-ended' },
    { authorization: 'Bearer ' },
    { authorization: 'bearer' },
    { 'x-looper-token': 'x' },
  ]) {
    const response = await fetch(`${service.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    })
    t.equal(response.status, 401, JSON.stringify(headers))
  }
})
