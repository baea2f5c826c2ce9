import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, killService, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { callTool as call, connectMcp, toolNames } from '../helpers/mcp.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'
import { KEEPING_AGENT as AGENT, TOOLS_ON as ON, withToolRun as withRun } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** The protocol as agents of older versions speak it. */
async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

t.test('an agent finds its tools, and few words of them', async (t) => {
  const { service, token, live } = await withRun(t, { timeout_seconds: 3600 })
  const client = await connectMcp(t, service.url, token)
  t.same(await toolNames(client), [
    'ask',
    'check_answer',
    'claim',
    'cost',
    'flag',
    'release',
    'report',
    'request_run',
    'run_info',
    'schedule_next',
    'tell',
  ])

  const info = JSON.parse(await call(client, 'run_info'))
  t.match(info, { run_id: live.runId, slot: 'default', agent: 'codex', max_tokens: null, cost_usd: null })
  t.ok(info.seconds_left > 3500 && info.seconds_left <= 3600)
  t.match(await call(client, 'run_info', { run_id: 'another' }), /^error: /, 'it cannot be told whose')
  await t.rejects(call(client, 'stop_everything'), /not found/)
})

t.test('a plan tells the argv with what the agent is told of its tools, and makes no token', async (t) => {
  const { service, workspace } = await setUpFault(t, ON)
  const planned = async (more: object) => {
    const { body } = await service.post({
      zulip_message: 'm',
      codex_prompt: 'true',
      workspace,
      plan: true,
      ...more,
    })
    return JSON.stringify(body.plan)
  }
  const told = await planned({})
  t.match(told, /mcp_servers\.looper\.url=.{0,4}http:\/\/127\.0\.0\.1:\d+\/mcp/)
  t.notMatch(told, /<token>/)
  t.notMatch(await planned({ tools: false }), /mcp_servers/)
})

t.test('what it tells arrives as its own words, and pings nobody', async (t) => {
  const { service, token, zulip, live } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  t.match(await call(client, 'tell', { message: 'half of it is done @**all**\n```\nquote' }), /on its way/)
  await until('it arrived', () => zulip.messages.length === 2)
  t.equal(
    zulip.messages[1]?.content,
    '💬 a run:\n````quote\nhalf of it is done @\u200b**all**\n```\nquote\n```\n````',
  )
  const { messages } = (await (await fetch(`${service.url}/outbox`)).json()) as {
    messages: { run_id: string; state: string }[]
  }
  t.match(messages, [{ run_id: live.runId }])
  for (const message of ['', 'x'.repeat(4001), 'a\0', '\ud800', 7, null])
    t.match(await call(client, 'tell', { message }), /^error: /, String(message).slice(0, 10))
  t.equal(zulip.messages.length, 2)
})

t.test('it is heard where ends are not told', async (t) => {
  const { service, token, zulip } = await withRun(t, {}, { LOOPER_NOTIFY_END: 'off' })
  await call(await connectMcp(t, service.url, token), 'tell', { message: 'half' })
  await until('it arrived', () => zulip.messages.length === 2)
})

t.test('where a script sends what is told, its agent hears whether that worked', async (t) => {
  const script = path.join(t.testdirName, 'send.mjs')
  const sends = `import { appendFileSync } from 'node:fs'
    if (process.argv[2].includes('hopeless')) process.exit(3)
    appendFileSync(import.meta.filename + '.sent', process.argv[2] + '\\n')`
  const { service, token } = await withRun(t, {}, { LOOPER_NOTICE_SCRIPT: script }, { 'send.mjs': sends })
  const client = await connectMcp(t, service.url, token)
  t.equal(await call(client, 'tell', { message: 'half @**all**' }), 'Told.')
  t.match(textOf(`${script}.sent`), 'a run: half @\u200b**all**')
  t.match(await call(client, 'tell', { message: 'hopeless' }), /^error: /)
  await call(client, 'flag', { note: 'look at the tests' })
  await until('people are told of the flag, too', () =>
    textOf(`${script}.sent`).includes('look at the tests'),
  )
})

t.test('as its last act it asks for the next run, which takes its place', async (t) => {
  const { service, token, live, workspace, watch, zulip } = await withRun(t, { timeout_seconds: 3600 })
  const client = await connectMcp(t, service.url, token)
  const told = await call(client, 'request_run', {
    message: 'the next one @**all**',
    prompt: 'exec sleep 300',
  })
  const nextId = /^Run (\S+) begins/.exec(told)?.[1] ?? ''
  t.match(await endOf(service, live.runId), { outcome: 'replaced', cause: `replaced by run ${nextId}` })
  await until('the next one lives', async () => (await recordOf(service, nextId)).pid !== null)
  t.match(await recordOf(service, nextId), {
    trigger: 'tool',
    caller: live.runId,
    name: 'the next one @ **all**',
    slot: 'default',
    workspace,
    timeout_seconds: 3600,
    outcome: null,
  })
  t.equal(zulip.messages.at(-1)?.content, 'the next one @\u200b**all**', 'and its notice calls nobody')
  t.same(carriers(live.runId), [])
  t.same(watch.overlaps, [])
  t.equal((await post(service.url, {}, { authorization: `Bearer ${token}` })).status, 401, 'it is dead now')
})

t.test('the next run may wait for this one, and what cannot be is refused in words', async (t) => {
  const { service, token, live } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  t.match(await call(client, 'request_run', { message: 'again' }), /LOOPER_PROMPT_MISSING/)
  t.match(
    await call(client, 'request_run', { message: 'm', prompt: 'x', if_running: 'skip' }),
    /Nothing was begun/,
  )
  const told = await call(client, 'request_run', { message: 'later', prompt: 'exit 0', if_running: 'queue' })
  const nextId = /^Run (\S+) waits/.exec(told)?.[1] ?? ''
  await service.post({ zulip_message: 'stop', codex_prompt: '' })
  await endOf(service, live.runId)
  t.match(await endOf(service, nextId), { outcome: 'exited', return_code: 0, caller: live.runId })
})

t.test('its token is in no argument, no log and no record, and nobody else has it', async (t) => {
  const { service, token, live, logDir, run } = await withRun(t)
  const cmdlines = carriers(live.runId).map((pid) => textOf(`/proc/${pid}/cmdline`))
  t.ok(cmdlines.length > 0)
  t.notOk(cmdlines.some((line) => line.includes(token)))
  const client = await connectMcp(t, service.url, token)
  await call(client, 'run_info')
  const files = ['looper.db', 'looper.db-wal'].map((name) => readFileSync(path.join(logDir, name), 'latin1'))
  for (const text of [textOf(live.log), service.output(), ...files]) t.notOk(text.includes(token))
  for (const route of ['runs', `runs/${live.runId}`, 'status', 'slots'])
    t.notOk((await (await fetch(`${service.url}/${route}`)).text()).includes(token), route)

  const other = await run('printf %s "$LOOPER_RUN_TOKEN" >second; exec sleep 300', { tools: false })
  t.match(textOf(other.log), /# command=.*codex/)
  t.notMatch(textOf(other.log), 'mcp_servers', 'who wants none gets none')
})

t.test('strangers get nothing, and are counted', async (t) => {
  const { service, workspace } = await setUpFault(t, { ...ON, LOOPER_API_TOKEN: 'the-owner' })
  const asked = { zulip_message: 'a run', codex_prompt: AGENT, workspace }
  t.equal((await service.post(asked, { authorization: 'Bearer the-owner' })).status, 200)
  await until('its token', () => textOf(path.join(workspace, 'token')) !== '')
  const token = textOf(path.join(workspace, 'token'))
  const wrong = ['', 'Bearer', `Basic ${token}`, 'Bearer wrong', 'Bearer the-owner2']
  for (const authorization of wrong) {
    const answer = await post(service.url, {}, authorization === '' ? {} : { authorization })
    t.equal(answer.status, 401, authorization || 'no token')
    t.match(answer.text, 'LOOPER_UNAUTHORIZED')
  }
  for (const route of ['runs', 'status']) {
    const answer = await fetch(`${service.url}/${route}`, { headers: { authorization: `Bearer ${token}` } })
    t.equal(answer.status, 401, `it opens nothing but its tools: ${route}`)
  }
  for (const method of ['GET', 'DELETE']) {
    const answer = await fetch(`${service.url}/mcp`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    })
    t.equal(answer.status, 405)
  }
  const page = { authorization: `Bearer ${token}`, origin: 'https://evil.example' }
  t.equal((await post(service.url, {}, page)).status, 403)
})

t.test('older forms of the protocol, and what is none', async (t) => {
  const { service, token } = await withRun(t)
  const authorization = `Bearer ${token}`
  const ask = (body: unknown, headers = {}) => post(service.url, body, { authorization, ...headers })
  for (const protocolVersion of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    const clientInfo = { name: 'old', version: '1' }
    const params = { protocolVersion, capabilities: {}, clientInfo }
    const hello = await ask({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    t.match(hello, { status: 200, text: new RegExp(`"protocolVersion":"${protocolVersion}"`) })
    const version = { 'mcp-protocol-version': protocolVersion }
    t.equal((await ask({ jsonrpc: '2.0', method: 'notifications/initialized' }, version)).status, 202)
    t.match((await ask({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, version)).text, '"run_info"')
  }
  t.equal((await ask('{')).status, 400)
  t.equal((await ask('[]')).status, 400)
  t.equal((await ask('{"jsonrpc":"2.0"}')).status, 400)
  t.equal((await ask(`${'['.repeat(70)}${']'.repeat(70)}`)).status, 400)
  t.equal((await ask('{}', { 'content-type': 'text/plain' })).status, 415)
  t.equal((await ask(JSON.stringify({ x: 'y'.repeat(2_000_000) }))).status, 413)
  t.match(await ask({ jsonrpc: '2.0', id: 3, method: 'tools/list' }), { status: 200 }, 'it still answers')
})

t.test('its token outlives the service, and dies with the run', async (t) => {
  const { service, token, live, restart } = await withRun(t)
  await killService(service)
  const next = await restart()
  const client = await connectMcp(t, next.url, token)
  t.match(await call(client, 'run_info'), live.runId)
  await next.post({ zulip_message: 'stop', codex_prompt: '' })
  await endOf(next, live.runId)
  t.equal((await post(next.url, {}, { authorization: `Bearer ${token}` })).status, 401)
})

t.test('who did not ask for it has none of it', async (t) => {
  const { service, run, workspace } = await setUpFault(t)
  const { log } = await run('env >environment; exec sleep 300')
  await until('its environment', () => textOf(path.join(workspace, 'environment')) !== '')
  t.notMatch(textOf(path.join(workspace, 'environment')), 'LOOPER_RUN_TOKEN')
  t.notMatch(textOf(log), 'mcp_servers')
  const tools = await toolNames(await connectMcp(t, service.url, null))
  t.notOk(tools.includes('request_run'), 'a person has others')
})
