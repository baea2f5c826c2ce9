import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { AppOptions } from '../../src/app.ts'
import { requireToken } from '../../src/http/auth.ts'
import { createFailures } from '../../src/http/failures.ts'
import { createTokenCheck, hashToken, SCOPES } from '../../src/http/tokens.ts'
import { buildTestApp, NOW } from '../helpers/app.ts'
import { openEvents } from '../helpers/events.ts'
import { startLogApp } from '../helpers/log-app.ts'

/** The app with runs that only tell that they were asked, and a function that posts. */
async function setUp(test: Test, options: Partial<AppOptions> = {}) {
  const { app, asked, events, ledger } = await buildTestApp(test, options)
  const post = (payload: string | object | undefined, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/run',
      headers: { 'content-type': 'application/json', ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
  return { app, messages: () => asked.map(({ message }) => message), asked, events, ledger, post }
}

const tokensOf = (token: string) => createTokenCheck(token, null, () => NOW, t.fail)

const STOP = { zulip_message: 'hello', codex_prompt: '' }

t.test('GET /health answers, with a token configured too, and names the request', async (t) => {
  const { app: built } = await setUp(t, { tokens: tokensOf('secret') })
  const answer = await built.inject('/health')
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { ok: true })
  t.match(answer.headers['x-request-id'], /^[0-9a-f]{8}$/)
})

t.test('a run needs the token, as bearer or in the older header; either may match', async (t) => {
  const { post, messages } = await setUp(t, { tokens: tokensOf('secret') })
  const refused: Record<string, string>[] = [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: 'Basic secret' },
    { authorization: 'Bearer secretsecret' },
    { 'x-looper-token': 'wrong' },
    { 'x-looper-token': '' },
  ]
  for (const headers of refused) {
    const answer = await post(STOP, headers)
    t.equal(answer.statusCode, 401, JSON.stringify(headers))
    t.match(answer.json(), { ok: false, error: 'unauthorized', code: 'LOOPER_UNAUTHORIZED' })
    t.equal(answer.headers['www-authenticate'], 'Bearer')
  }
  t.equal((await post('{broken')).statusCode, 401, 'before the body is looked at')
  t.same(messages(), [])
  const accepted: Record<string, string>[] = [
    { authorization: 'Bearer secret' },
    { authorization: 'bearer secret' },
    { 'x-looper-token': 'secret' },
    { authorization: 'Bearer wrong', 'x-looper-token': 'secret' },
    // A proxy may have its own word there.
    { authorization: 'Basic cHJveHk6cHJveHk=', 'x-looper-token': 'secret' },
    { authorization: '', 'x-looper-token': 'secret' },
  ]
  for (const headers of accepted)
    t.equal((await post(STOP, headers)).statusCode, 200, JSON.stringify(headers))
})

t.test('a body that is none says so in its code, in the words that callers know', async (t) => {
  const { post, messages } = await setUp(t)
  const bodies: [string | object | undefined, string][] = [
    [undefined, 'LOOPER_BODY_INVALID'],
    ['', 'LOOPER_BODY_INVALID'],
    ['{broken', 'LOOPER_BODY_INVALID'],
    ['{"__proto__": {"x": 1}, "zulip_message": "x"}', 'LOOPER_BODY_INVALID'],
    ['null', 'LOOPER_BODY_INVALID'],
    ['[]', 'LOOPER_BODY_INVALID'],
    ['7', 'LOOPER_BODY_INVALID'],
    ['"text"', 'LOOPER_BODY_INVALID'],
    [{}, 'LOOPER_MESSAGE_MISSING'],
    [{ zulip_message: '' }, 'LOOPER_MESSAGE_MISSING'],
    [{ zulip_message: ' \n' }, 'LOOPER_MESSAGE_MISSING'],
    [{ zulip_message: null }, 'LOOPER_MESSAGE_MISSING'],
  ]
  for (const [body, code] of bodies) {
    const answer = await post(body)
    t.equal(answer.statusCode, 400, String(body))
    t.match(answer.json(), { ok: false, error: "missing 'zulip_message'", code }, String(body))
  }
  t.same(messages(), [])
})

t.test('a POST without content type and body is told what is missing', async (t) => {
  const { app: built } = await setUp(t)
  const answer = await built.inject({ method: 'POST', url: '/run' })
  t.equal(answer.statusCode, 400)
  t.match(answer.json(), { error: "missing 'zulip_message'" })
})

t.test('a field of the wrong kind is named', async (t) => {
  const { post } = await setUp(t)
  const fields: [string, unknown, string][] = [
    ['zulip_message', 7, 'must be a string'],
    ['codex_prompt', 7, 'must be a string'],
    ['workspace', ['x'], 'must be a string'],
    ['codex_exec_binary', {}, 'must be a string'],
    ['codex_exec_delay_seconds', 'soon', 'must be a number'],
    ['codex_exec_delay_seconds', ' ', 'must be a number'],
    ['codex_exec_delay_seconds', true, 'must be a number'],
    ['codex_exec_delay_seconds', '-1', 'must be >= 0'],
    ['startup_delay_seconds', -0.5, 'must be >= 0'],
    ['codex_exec_startup_check_seconds', 1e10, 'must be <= 2147483'],
  ]
  for (const [field, value, error] of fields) {
    const answer = await post({ ...STOP, [field]: value })
    t.equal(answer.statusCode, 400)
    t.match(answer.json(), { error: `'${field}' ${error}`, code: 'LOOPER_FIELD_INVALID' })
  }
})

t.test('forms and text are refused, large bodies too', async (t) => {
  const { post, messages } = await setUp(t)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answer = await post('x=1', { 'content-type': type })
    t.equal(answer.statusCode, 415, type)
    t.match(answer.json(), { ok: false, code: 'LOOPER_MEDIA_TYPE', error: 'the body must be JSON' })
  }
  const answer = await post({ ...STOP, junk: 'x'.repeat(2 * 1024 * 1024) })
  t.equal(answer.statusCode, 413)
  t.match(answer.json(), { code: 'LOOPER_BODY_TOO_LARGE' })
  t.same(messages(), [])
})

t.test('unknown paths and wrong methods answer in the same shape', async (t) => {
  const { app: built } = await setUp(t)
  const missing = await built.inject('/no/such?token=secret')
  t.equal(missing.statusCode, 404)
  t.match(missing.json(), { ok: false, error: 'there is nothing at this address', code: 'LOOPER_NOT_FOUND' })
  const wrong = await built.inject('/run')
  t.equal(wrong.statusCode, 405)
  t.equal(wrong.headers.allow, 'POST')
  t.match(wrong.json(), {
    ok: false,
    error: 'this method is not allowed at this address',
    code: 'LOOPER_METHOD_NOT_ALLOWED',
  })
})

t.test('what nobody foresaw is a 500 without its details', async (t) => {
  const { post } = await setUp(t)
  const answer = await post({ ...STOP, zulip_message: 'break' })
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { error: 'internal error', code: 'LOOPER_INTERNAL' })
  t.notMatch(answer.body, 'secret detail')
})

t.test('unknown fields are ignored', async (t) => {
  const { post, messages } = await setUp(t)
  t.equal((await post({ ...STOP, password_store: 'x' })).statusCode, 200)
  t.same(messages(), ['hello'])
})

t.test('a token of a lower scope is told which one it takes', async (t) => {
  const file = path.join(t.testdir(), 'tokens.json')
  writeFileSync(file, JSON.stringify({ tokens: [{ name: 'eye', scope: 'read', sha256: hashToken('look') }] }))
  const { app, post, messages, events } = await setUp(t, {
    tokens: createTokenCheck(null, file, () => NOW, t.fail),
  })
  const authorization = 'Bearer look'
  const answer = await post(STOP, { authorization })
  t.equal(answer.statusCode, 403)
  t.match(answer.json(), { code: 'LOOPER_FORBIDDEN', error: "this needs a token of scope 'run'" })
  t.same(messages(), [])
  t.equal((await app.inject({ url: '/runs', headers: { authorization } })).statusCode, 200)
  t.match(events.filter(({ msg }) => msg === 'http.end').at(-1), { caller: 'eye', status: 200 })
})

t.test('a route that names no scope is for admins', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorateRequest('caller', null)
  const callerOf = (token: string) => {
    const scope = SCOPES.find((one) => one === token)
    return scope ? { name: scope, scope } : null
  }
  await requireToken(
    app,
    { callerOf, hasExpired: () => false, all: () => [] },
    createFailures({ monotonic: () => 0 }),
  )
  app.get('/', async () => 'here')
  const statusOf = async (token: string) =>
    (await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })).statusCode
  t.equal(await statusOf('admin'), 200)
  t.equal(await statusOf('run'), 403)
  t.equal(await statusOf('read'), 403)
})

t.test('whoever fails too often is told to wait; the right token still works', async (t) => {
  const { post } = await setUp(t, { tokens: tokensOf('secret') })
  for (let i = 0; i < 20; i++) t.equal((await post(STOP)).statusCode, 401)
  const late = await post(STOP, { authorization: 'Bearer wrong' })
  t.equal(late.statusCode, 429)
  t.equal(late.headers['retry-after'], '60')
  t.match(late.json(), { code: 'LOOPER_RATE_LIMITED' })
  t.equal((await post(STOP, { authorization: 'Bearer secret' })).statusCode, 200)
})

t.test('two X-Looper-Token headers are none', async (t) => {
  const { app } = await setUp(t, { tokens: tokensOf('secret') })
  const answer = await app.inject({ url: '/runs', headers: { 'x-looper-token': ['secret', 'secret'] } })
  t.equal(answer.statusCode, 401)
})

t.test('a path that a router would take for a pattern is a path that there is not', async (t) => {
  const { app } = await setUp(t)
  for (const url of ['/a/*/b', '/hooks/*/8J=Bx]Q', '/:a(', '/:a(^x', '/runs/*', '/runs/a/b', '/:run_id']) {
    const answer = await app.inject({ method: 'POST', url })
    const expected = url === '/runs/*' ? [405, 'LOOPER_METHOD_NOT_ALLOWED'] : [404, 'LOOPER_NOT_FOUND']
    t.strictSame([answer.statusCode, answer.json().code], expected, url)
  }
})

t.test('secrets are taken out of sentences', async (t) => {
  const { post } = await setUp(t, { redact: (text) => text.replaceAll('secret', '***') })
  const answer = await post({ zulip_message: 'x', codex_prompt: 'x', workspace: '/the/secret' })
  t.match(answer.json(), { error: 'workspace is not a directory: /the/***' })
})

t.test('an address that is none is answered in the common shape, by a request id', async (t) => {
  const { app } = await setUp(t)
  for (const url of ['/runs/%zz', `/runs/${'x'.repeat(300)}`]) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 400)
    t.match(answer.json(), { ok: false, code: 'LOOPER_BAD_REQUEST', request_id: /^[0-9a-f]{8}$/ })
    t.match(answer.headers, { 'x-content-type-options': 'nosniff', 'x-request-id': answer.json().request_id })
  }
})

t.test('a request with a key is done once', async (t) => {
  const { post, messages } = await setUp(t)
  const key = { 'idempotency-key': 'k' }
  const first = await post(STOP, key)
  t.equal(first.statusCode, 200)
  t.equal((await post(STOP, key)).body, first.body)
  t.equal((await post({ ...STOP, x: 1 }, key)).statusCode, 422)
  t.same(messages(), ['hello'])
})

t.test('without a body there is nothing to hash, and nothing to do', async (t) => {
  const { post, messages } = await setUp(t)
  t.equal((await post(undefined, { 'idempotency-key': 'k' })).statusCode, 400)
  t.same(messages(), [])
})

t.test('there are no hooks where there is no hooks file', async (t) => {
  const { app } = await setUp(t)
  t.equal((await app.inject({ method: 'POST', url: '/hooks/ci' })).statusCode, 404)
})

t.test('who loses the token loses the streams that it opened, too', async (t) => {
  const file = path.join(t.testdir(), 'tokens.json')
  const write = (...names: string[]) => {
    const tokens = names.map((name) => ({ name, scope: 'read', sha256: hashToken(`${name}-token`) }))
    writeFileSync(file, JSON.stringify({ tokens }))
  }
  write('eye', 'ear')
  const { url, begin } = await startLogApp(
    t,
    { heartbeatMs: 20 },
    createTokenCheck(null, file, () => NOW, t.fail),
  )
  const run = begin('one', 'the log\n')
  for (const at of [`${url}/events`, `${run.url}?follow=1`]) {
    write('eye', 'ear')
    const [eye, ear] = await Promise.all([
      openEvents(at, { authorization: 'Bearer eye-token' }),
      openEvents(at, { 'x-looper-token': 'ear-token' }),
    ])
    t.same([eye.status, ear.status], [200, 200])
    write('ear')
    while (!(await eye.events.next()).done);
    t.equal((await ear.events.next()).done, false, 'the other one goes on')
    ear.close()
  }
})
