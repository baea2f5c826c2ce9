import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Client } from '@modelcontextprotocol/client'
import t, { type Test } from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { openEvents } from '../helpers/events.ts'
import { endOf, killService, setUpFault } from '../helpers/fault-service.ts'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { type TestService, textOf, until } from '../helpers/service.ts'
import { KEEPING_AGENT } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Names of tokens, which are also their scopes and their secrets. */
const SCOPES = ['read', 'answer', 'run']

/** What an agent hears, as an object. */
async function call(client: Client, name: string, args: Record<string, unknown>) {
  const text = await callTool(client, name, args)
  return text.startsWith('error: ') ? { error: text } : JSON.parse(text)
}

/** Asks the service's API, with the token of a scope. */
async function api({ url }: TestService, route: string, body: object | null = null, token = 'answer') {
  const response = await fetch(`${url}${route}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function asksOf(service: TestService): Promise<{ ask_id: string; state: string }[]> {
  const { body } = await api(service, '/asks?limit=5', null, 'read')
  return body.asks as { ask_id: string; state: string }[]
}

/** A service with tokens of all scopes, and a run whose agent waits. */
async function withRun(t: Test, settings: NodeJS.ProcessEnv = {}) {
  const tokens = SCOPES.map((name) => ({ name, scope: name, sha256: hashToken(name) }))
  const file = path.join(t.testdirName, 'tokens.json')
  const files = { 'tokens.json': JSON.stringify({ tokens }) }
  const on = { LOOPER_AGENT_TOOLS: '1', LOOPER_TOKENS_FILE: file, LOOPER_HOST: '127.0.0.1', ...settings }
  const fault = await setUpFault(t, on, files)
  const begin = async (name: string, service = fault.service) => {
    const prompt = KEEPING_AGENT.replaceAll('token', `token-${name}`)
    const asked = { zulip_message: name, codex_prompt: prompt, workspace: fault.workspace, slot: name }
    const headers = { authorization: 'Bearer run' }
    const { body } = await service.post({ ...asked, share_workspace: true }, headers)
    await until('its token', () => textOf(path.join(fault.workspace, `token-${name}`)) !== '')
    return { runId: String(body.run_id), token: textOf(path.join(fault.workspace, `token-${name}`)) }
  }
  return { ...fault, file, begin, ...(await begin('one')) }
}

t.test('an agent asks, a person answers over the API, and the agent goes on', async (t) => {
  const { service, token, runId, zulip, begin } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  const question = { question: 'Deploy now? @**all**', choices: ['yes', 'no'], reference: 'CHANGELOG.md' }
  const stream = await openEvents(`${service.url}/events`, { authorization: 'Bearer read' })
  t.teardown(stream.close)
  const eventOf = async () => {
    for (;;) {
      const { value } = await stream.events.next()
      if (value?.event === 'ask') return JSON.parse(value.data)
    }
  }
  const asked = call(client, 'ask', question)
  const told = await eventOf()
  await until('it is asked', async () => (await asksOf(service)).length === 1)
  const [open] = await asksOf(service)
  t.strictSame(told, open, 'as it happens')
  t.match(open, { run_id: runId, ...question, state: 'open', deadline: null, answer: null })
  const id = String(open?.ask_id)
  t.match((await api(service, '/asks', null, 'read')).body, { asks: [{ ask_id: id }] })
  t.match((await api(service, '/status', null, 'read')).body, { asks: { open: 1 } })
  await until('people are told', () => zulip.messages.length === 2)
  t.match(
    zulip.messages[1]?.content,
    `asks (${id}): Deploy now? @\u200b**all**\n- yes\n- no\nAbout: CHANGELOG.md`,
  )

  const answer = `/asks/${id}/answer`
  const refused = async (body: object, token?: string) => {
    const { status, body: told } = await api(service, answer, body, token)
    return `${status} ${told.code}`
  }
  t.equal(await refused({ answer: 'yes' }, 'read'), '403 LOOPER_FORBIDDEN')
  t.equal(await refused({ answer: 'yes' }, token), '401 LOOPER_UNAUTHORIZED', 'a run answers nobody')
  t.equal(await refused({ answer: 'maybe' }), '400 LOOPER_FIELD_INVALID')
  t.equal(await refused({}), '400 LOOPER_FIELD_INVALID')
  t.equal(await refused({ answer: 7 }), '400 LOOPER_FIELD_INVALID')
  t.equal(await refused({ answer: 'yes', digest: 'another' }), '409 LOOPER_ASK_CHANGED')
  const { body: one } = await api(service, `/asks/${id}`, null, 'read')
  const given = { answer: 'yes', digest: one.digest, answered_by: 'eve' }
  t.match(await api(service, answer, given), {
    status: 200,
    body: { state: 'answered', answered_by: 'answer' },
  })
  t.strictSame(await asked, { ask_id: id, state: 'answered', answer: 'yes' })
  t.match(await eventOf(), { ask_id: id, state: 'answered', answer: 'yes', answered_by: 'answer' })
  t.equal(await refused({ answer: 'no' }, 'run'), '409 LOOPER_ASK_SETTLED')
  t.match(await api(service, '/asks/nobody', null, 'read'), {
    status: 404,
    body: { code: 'LOOPER_ASK_NOT_FOUND' },
  })
  t.match(await api(service, '/asks/nobody/answer', { answer: 'x' }), { status: 404 })
  t.match(await api(service, '/asks?limit=0', null, 'read'), { status: 400 })
  await until('people are told', () => zulip.messages.length === 3)
  t.match(zulip.messages[2]?.content, `ask ${id} was answered by answer: yes`)

  const other = await connectMcp(t, service.url, (await begin('two')).token)
  t.match(await call(other, 'check_answer', { ask_id: id }), { error: /asked nothing under this ask_id/ })
  t.match(await call(client, 'ask', { ...question, choices: ['yes', 'yes'] }), { error: /./ })
  t.match(await call(client, 'check_answer', { ask_id: id, run_id: runId }), { error: /./ })
})

t.test("a person's own agent answers for the person", async (t) => {
  const { service, token } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  const asked = call(client, 'ask', { question: 'Deploy now?', choices: ['yes', 'no'] })
  await until('it is asked', async () => (await asksOf(service)).length === 1)
  const ask_id = String((await asksOf(service))[0]?.ask_id)
  const answer = async (scope: string, args: object) =>
    call(await connectMcp(t, service.url, scope), 'answer', { ask_id, ...args })
  await t.rejects(answer('read', { answer: 'yes' }), /not found/, 'as if there were none')
  t.match(await answer('answer', { answer: 'maybe' }), { error: /LOOPER_FIELD_INVALID/ })
  const told = { ask_id, question: 'Deploy now?', answer: 'yes', state: 'answered' }
  t.match(await answer('answer', { answer: 'yes' }), told)
  t.match(await asked, { state: 'answered', answer: 'yes' })
  t.match(await answer('run', { answer: 'no' }), { error: /LOOPER_ASK_SETTLED/ })
  t.match((await api(service, `/asks/${ask_id}`, null, 'read')).body, { answered_by: 'answer' })
})

t.test('a question outlives the service, and is withdrawn when its run ends', async (t) => {
  const { service, token, runId, restart } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  void call(client, 'ask', { question: 'Which port?' }).catch(() => undefined)
  await until('it is asked', async () => (await asksOf(service)).length === 1)
  const id = String((await asksOf(service))[0]?.ask_id)
  await killService(service)
  const next = await restart()
  t.match(await asksOf(next), [{ ask_id: id, state: 'open' }])
  const again = await connectMcp(t, next.url, token)
  const asked = call(again, 'check_answer', { ask_id: id })
  t.match(await api(next, `/asks/${id}/answer`, { answer: '8080' }), { status: 200 })
  t.match(await asked, { ask_id: id, answer: '8080' })

  void call(again, 'ask', { question: 'And the host?' }).catch(() => undefined)
  await until('it is asked', async () => (await asksOf(next)).length === 2)
  t.match(await api(next, `/runs/${runId}/stop`, {}, 'run'), { status: 200 })
  await until('it is withdrawn', async () => (await asksOf(next))[0]?.state === 'withdrawn')
})

t.test('a deadline passes, and the default counts; a person who is revoked answers nothing', async (t) => {
  const { service, token, file } = await withRun(t)
  const client = await connectMcp(t, service.url, token)
  const question = { question: 'Which port?', default: '80', deadline_seconds: 1 }
  t.match(await call(client, 'ask', question), { state: 'expired', answer: '80', note: /your default/ })
  void call(client, 'ask', { question: 'And now?' }).catch(() => undefined)
  await until('it is asked', async () => (await asksOf(service)).length === 2)
  const id = String((await asksOf(service))[0]?.ask_id)
  const left = [{ name: 'read', scope: 'read', sha256: hashToken('read') }]
  writeFileSync(file, JSON.stringify({ tokens: left }))
  t.match(await api(service, `/asks/${id}/answer`, { answer: 'x' }), { status: 401 })
  t.match(await asksOf(service), [{ state: 'open' }, { state: 'expired' }])
})

t.test('where people cannot be told, the question is asked all the same', async (t) => {
  const settings = { LOOPER_NOTICE_SCRIPT: '/nonexistent/script' }
  const fault = await setUpFault(t, { LOOPER_AGENT_TOOLS: '1', LOOPER_AUTO_START_WHEN_IDLE: '0' })
  const live = await fault.run(KEEPING_AGENT)
  await until('its token', () => textOf(path.join(fault.workspace, 'token')) !== '')
  const token = textOf(path.join(fault.workspace, 'token'))
  await killService(fault.service)
  const service = await fault.restart(settings)
  const client = await connectMcp(t, service.url, token)
  const asked = call(client, 'ask', { question: 'Which port?' })
  await until('it is asked', async () => (await asksOf(service)).length === 1)
  await until(
    'that is told',
    () =>
      service.output().includes('ask.notice.fail') ||
      textOf(path.join(fault.logDir, 'looper-server.log')).includes('ask.notice.fail'),
  )
  const [open] = await asksOf(service)
  t.match(await api(service, `/asks/${open?.ask_id}/answer`, { answer: '80' }), {
    status: 200,
    body: { answered_by: null },
  })
  t.match(await asked, { answer: '80' })
  await api(service, `/runs/${live.runId}/stop`, {})
  t.match(await endOf(service, live.runId), { outcome: 'stopped' })
})
