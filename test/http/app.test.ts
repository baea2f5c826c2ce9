import { pino } from 'pino'
import t from 'tap'
import { codex } from '../../src/agents/codex.ts'
import { type AppOptions, buildApp } from '../../src/app.ts'
import type { Runs } from '../../src/runs/runs.ts'

/** The app with runs that only tell that they were asked. */
async function app(options: Partial<AppOptions> = {}) {
  const asked: string[] = []
  const runs: Runs = {
    adopt: async () => undefined,
    run: async ({ message }) => {
      asked.push(message)
      if (message === 'break') throw new Error('a secret detail')
      return { noticeOutput: 'sent', stopped: [7], remaining: [], run: null, startupReturnCode: null }
    },
    launchIfIdle: async () => ({ kind: 'busy' }),
    live: () => [],
    close: async () => undefined,
  }
  const built = await buildApp({
    logger: pino({ level: 'silent' }),
    token: null,
    runs,
    agent: codex,
    ledger: { find: () => null, list: () => [] },
    defaults: {
      workspace: null,
      prompt: { kind: 'none' },
      delayMs: 0,
      startupCheckMs: 0,
      timeoutMs: 0,
      stallMs: 0,
      places: { projectDir: '/', home: '/', searchPath: '', configured: null },
      logDir: '/',
      notify: async () => ({ output: '' }),
      notifyByScript: () => async () => ({ output: '' }),
    },
    ...options,
  })
  const post = (payload: string | object | undefined, headers: Record<string, string> = {}) =>
    built.inject({
      method: 'POST',
      url: '/run',
      headers: { 'content-type': 'application/json', ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
  return { app: built, asked, post }
}

const STOP = { zulip_message: 'hello', codex_prompt: '' }

t.test('GET /health answers, with a token configured too, and names the request', async (t) => {
  const { app: built } = await app({ token: 'secret' })
  const answer = await built.inject('/health')
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { ok: true })
  t.match(answer.headers['x-request-id'], /^[0-9a-f]{8}$/)
})

t.test('a run needs the token, as bearer or in the older header; either may match', async (t) => {
  const { post, asked } = await app({ token: 'secret' })
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
  t.same(asked, [])
  const accepted: Record<string, string>[] = [
    { authorization: 'Bearer secret' },
    { authorization: 'bearer secret' },
    { 'x-looper-token': 'secret' },
    { authorization: 'Bearer wrong', 'x-looper-token': 'secret' },
  ]
  for (const headers of accepted)
    t.equal((await post(STOP, headers)).statusCode, 200, JSON.stringify(headers))
})

t.test('a body that is none says so in its code, in the words that callers know', async (t) => {
  const { post, asked } = await app()
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
  t.same(asked, [])
})

t.test('a POST without content type and body is told what is missing', async (t) => {
  const { app: built } = await app()
  const answer = await built.inject({ method: 'POST', url: '/run' })
  t.equal(answer.statusCode, 400)
  t.match(answer.json(), { error: "missing 'zulip_message'" })
})

t.test('a field of the wrong kind is named', async (t) => {
  const { post } = await app()
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
  const { post, asked } = await app()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answer = await post('x=1', { 'content-type': type })
    t.equal(answer.statusCode, 415, type)
    t.match(answer.json(), { ok: false, code: 'LOOPER_MEDIA_TYPE', error: 'the body must be JSON' })
  }
  const answer = await post({ ...STOP, junk: 'x'.repeat(2 * 1024 * 1024) })
  t.equal(answer.statusCode, 413)
  t.match(answer.json(), { code: 'LOOPER_BODY_TOO_LARGE' })
  t.same(asked, [])
})

t.test('unknown paths and wrong methods answer in the same shape', async (t) => {
  const { app: built } = await app()
  const missing = await built.inject('/no/such?token=secret')
  t.equal(missing.statusCode, 404)
  t.match(missing.json(), { ok: false, error: 'there is nothing at /no/such', code: 'LOOPER_NOT_FOUND' })
  const wrong = await built.inject('/run')
  t.equal(wrong.statusCode, 405)
  t.equal(wrong.headers.allow, 'POST')
  t.match(wrong.json(), { ok: false, error: 'GET is not allowed at /run', code: 'LOOPER_METHOD_NOT_ALLOWED' })
})

t.test('what nobody foresaw is a 500 without its details', async (t) => {
  const { post } = await app()
  const answer = await post({ ...STOP, zulip_message: 'break' })
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { error: 'internal error', code: 'LOOPER_INTERNAL' })
  t.notMatch(answer.body, 'secret detail')
})

t.test('unknown fields are ignored', async (t) => {
  const { post, asked } = await app()
  t.equal((await post({ ...STOP, password_store: 'x' })).statusCode, 200)
  t.same(asked, ['hello'])
})
