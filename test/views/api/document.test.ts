import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { ERRORS } from '../../../src/base/error-kinds.ts'
import { createTokenCheck, hashToken } from '../../../src/http/tokens.ts'
import { diffPathOf } from '../../../src/logs/diff-path.ts'
import { unstarted } from '../../../src/runs/outcome.ts'
import { type ApiDocument, documentOf, holdTo, operationsOf } from '../../helpers/api-document.ts'
import { buildTestApp, NOW } from '../../helpers/app.ts'
import { CHANGED } from '../../helpers/git.ts'
import { FAKE_CODEX } from '../../helpers/heart.ts'
import { intentOf } from '../../helpers/record.ts'
import { startTestService, until } from '../../helpers/service.ts'

const SECRET = { authorization: 'Bearer right' }
const RUN = { zulip_message: 'hello', codex_prompt: 'x', workspace: '/' }
/** Codes of what reaches no route. */
const NO_ROUTE = ['LOOPER_BAD_REQUEST', 'LOOPER_HEADERS_TOO_LARGE', 'LOOPER_METHOD_NOT_ALLOWED']

const OPERATIONS = [
  'GET /',
  'GET /docs',
  'GET /events',
  'GET /health',
  'GET /holds',
  'GET /metrics',
  'GET /openapi.json',
  'GET /queue',
  'GET /ready',
  'GET /runs',
  'GET /runs/current',
  'GET /runs/{run_id}',
  'GET /runs/{run_id}/diff',
  'GET /runs/{run_id}/log',
  'GET /runs/{run_id}/log/lines',
  'GET /runs/{run_id}/log/search',
  'GET /runs/{run_id}/log/times',
  'GET /runs/{run_id}/transcript',
  'GET /runs/{run_id}/verify-log',
  'GET /status',
  'HEAD /runs/{run_id}/log',
  'HEAD /runs/{run_id}/verify-log',
  'POST /autopoll/launch',
  'POST /autopoll/pause',
  'POST /autopoll/resume',
  'POST /holds/{agent}/release',
  'POST /hooks/{name}',
  'POST /queue/{run_id}/first',
  'POST /run',
  'POST /runs/{run_id}/stop',
]
/** What needs a slow client, or something that is broken; the one schema of failures holds them. */
const NOT_PROVOKED = ['408', '500', '503', '507']

/** What ends only with the connection; a real service is asked for it. */
const STREAMS = ['GET /events']
/** Operations and statuses that were seen, as `GET /runs 200`. */
const seen = new Set<string>()

/** An app that has everything: tokens, a hook, and a service around it that is not ready. */
async function setUp(test: Test) {
  const dir = test.testdir()
  const hooks = path.join(dir, 'hooks.json')
  const tokens = path.join(dir, 'tokens.json')
  const hook = { kind: 'bearer', secret: 'right', message: 'ci', prompt: 'x', workspace: '/' }
  const kinds = {
    ci: hook,
    picky: { ...hook, when: { event: 'push' } },
    busy: { ...hook, message: 'busy' },
    nosy: { ...hook, workspace: '/{{ name }}' },
  }
  writeFileSync(hooks, JSON.stringify({ hooks: kinds }))
  const eye = { name: 'eye', scope: 'read', sha256: hashToken('look') }
  writeFileSync(tokens, JSON.stringify({ tokens: [eye] }))
  const problems: string[] = []
  const built = await buildTestApp(test, {
    hooks: { file: hooks, env: {} },
    tokens: createTokenCheck('right', tokens, () => NOW, test.fail),
    metrics: { text: async () => 'looper_slot_held 0\n' },
    autopoll: {
      pause: () => undefined,
      resume: () => undefined,
      launch: async () => ({ runId: 'one', requestId: 'auto0a1b2c3d' }),
    },
    problems: async () => problems,
  })
  const { app, ledger } = built
  ledger.begin(intentOf('known', { requestId: '01234567', workspace: '/', requestedAt: NOW }))
  ledger.begin(intentOf('changed'))
  const logPath = path.join(dir, 'changed.log')
  ledger.step('changed', { logPath, changes: CHANGED })
  ledger.finish('changed', { ...unstarted(null), endedAt: NOW, outputBytes: null, tokensUsed: null })
  writeFileSync(diffPathOf(logPath), 'diff --git a/x b/x\n')
  const document = await documentOf(app)
  const holder = holdTo(document, seen)
  /** Asks, and holds the answer to the document. */
  const ask = async (method: 'GET' | 'POST', url: string, more: InjectOptions = {}) => {
    const answer = await app.inject({ method, url, headers: SECRET, ...more })
    const type = answer.headers['content-type']
    const problem = holder.problemWith({
      method,
      url,
      status: answer.statusCode,
      type: typeof type === 'string' ? type : undefined,
      text: answer.body,
    })
    test.equal(problem, null, `${method} ${url} ${answer.statusCode}`)
    return answer
  }
  return { ...built, document, ask, problems }
}

t.test('the document is valid OpenAPI 3.1', async (t) => {
  const { document } = await setUp(t)
  t.equal(document.openapi, '3.1.0')
  t.same(document.servers, [{ url: '.' }], 'below whatever path it is found')
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)))
  t.ok(valid, JSON.stringify(errors))
  t.equal(validator.version, '3.1')
})

t.test('these routes are in it and no others, with words, a tag, and the token it needs', async (t) => {
  const { document } = await setUp(t)
  const listed = operationsOf(document)
  t.same(listed.map(({ name }) => name).sort(), OPERATIONS)
  for (const { name, path, operation } of listed) {
    t.match(operation.summary, /^[A-Z].*[^.]$/, `${name} has a summary`)
    t.match(operation.description, /^[A-Z].*\.$/s, `${name} has a description`)
    t.equal(operation.tags?.length, 1, `${name} has a tag`)
    const open = ['/', '/health', '/ready', '/openapi.json', '/docs', '/hooks/{name}'].includes(path)
    t.equal(operation.security?.length, open ? 0 : 1, `${name} names its token`)
    const named = operation.parameters?.filter((one) => one.in === 'path').map((one) => `{${one.name}}`)
    t.same(named ?? [], path.match(/\{\w+\}/g) ?? [], `${name} describes what stands in its path`)
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      t.not(description, 'Default Response', `${name} ${status} is described`)
      if (Number(status) >= 400 && content?.['application/json'] && status !== '503') {
        const failure = { $ref: '#/components/schemas/Failure' }
        t.same(content['application/json'].schema, failure, `${name} ${status} has the one shape`)
      }
    }
  }
})

t.test('every code is told by a route, unless it belongs to none', async (t) => {
  const text = JSON.stringify((await setUp(t)).document.paths)
  for (const code of Object.keys(ERRORS)) {
    t.equal(text.includes(`${code}: `), !NO_ROUTE.includes(code), code)
  }
})

t.test('every answer is as the document says', async (t) => {
  const { document, ask, problems } = await setUp(t)
  const foreign = { ...SECRET, origin: 'http://elsewhere.example' }
  const form = { payload: 'a=1', headers: { ...SECRET, 'content-type': 'application/x-www-form-urlencoded' } }
  const broken = { payload: '[', headers: { ...SECRET, 'content-type': 'application/json' } }
  const large = { payload: { ...RUN, junk: 'x'.repeat(26 * 1024 * 1024) } }

  for (const [index, { name, method, path, operation }] of operationsOf(document).entries()) {
    if (method !== 'GET' && method !== 'POST') continue
    // From an address of its own: so many wrong tokens are too many from one.
    const stranger = { remoteAddress: `127.0.1.${index}`, headers: {} }
    const url = path.replace('{run_id}', 'known').replace('{name}', 'ci')
    const payload = method === 'POST' ? { payload: RUN } : {}
    if (!STREAMS.includes(name)) await ask(method, url, payload)
    await ask(method, url, { ...payload, headers: foreign })
    await ask(method, url, { ...payload, headers: { ...SECRET, host: 'elsewhere.example' } })
    if (operation.security?.length) await ask(method, url, { ...payload, ...stranger })
    if (method === 'POST') {
      for (const wrong of [broken, form, large]) await ask(method, url, wrong)
    }
  }

  for (const message of ['break', 'busy', 'later'])
    await ask('POST', '/run', { payload: { ...RUN, zulip_message: message } })
  const key = { ...SECRET, 'idempotency-key': 'k' }
  await ask('POST', '/run', { payload: { ...RUN, zulip_message: 'one' }, headers: key })
  await ask('POST', '/run', { payload: { ...RUN, zulip_message: 'two' }, headers: key })
  await ask('POST', '/run', { payload: RUN, headers: { authorization: 'Bearer look' } })
  for (const name of ['none', 'picky', 'busy', 'nosy'])
    await ask('POST', `/hooks/${name}`, { payload: { name: '../etc' } })
  await ask('POST', '/hooks/ci', { payload: {}, headers: { authorization: 'Bearer wrong' } })
  await ask('GET', '/runs/changed/diff')
  await ask('GET', '/runs?limit=none')
  await ask('GET', '/runs/nobody')
  problems.push('the ledger cannot be written')
  await ask('GET', '/ready')
  for (let attempts = 0; attempts <= 20; attempts++) await ask('GET', '/runs', { headers: {} })
  for (const { method, path, operation } of operationsOf(document)) {
    if (method !== 'GET' && method !== 'POST') continue
    const url = path.replace('{run_id}', 'known').replace('{name}', 'ci')
    if (operation.responses[429]) await ask(method, url, { headers: { authorization: 'Bearer wrong' } })
  }
})

t.test('every answer of a real service is as the document says, streams too', async (t) => {
  const dir = t.testdir({ ws: {}, logs: {} })
  const service = await startTestService(path.join(dir, 'logs'), {
    LOOPER_VERIFY: 'true',
    CODEX_EXEC_BINARY: FAKE_CODEX,
  })
  t.teardown(() => service.stop())
  const document: ApiDocument = JSON.parse(await (await fetch(`${service.url}/openapi.json`)).text())
  const holder = holdTo(document, seen)
  const ask = async (method: string, url: string, body: object | null = null, headers = {}) => {
    const type = body === null ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${service.url}${url}`, {
      method,
      headers: { ...type, ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    })
    const media = response.headers.get('content-type') ?? undefined
    const isEndless = STREAMS.includes(`${method} ${url}`)
    if (isEndless) await response.body?.cancel()
    const text = isEndless ? '' : await response.text()
    const answer = { method, url, status: response.status, type: media, text }
    t.equal(holder.problemWith(answer), null, `${method} ${url} ${response.status}`)
    return text === '' || media?.startsWith('application/json') !== true ? {} : JSON.parse(text)
  }
  const run = { zulip_message: 'x', codex_prompt: 'echo hello; sleep 300', workspace: path.join(dir, 'ws') }

  for (const what of ['launch', 'pause', 'resume']) await ask('POST', `/autopoll/${what}`)
  await ask('GET', '/runs/current')
  await ask('POST', '/run', { ...run, plan: true })
  const { run_id: first } = await ask('POST', '/run', run, { prefer: 'respond-async' })
  await until('the first run', async () => (await ask('GET', '/runs/current')).run_id === first)
  await ask('POST', '/run', { ...run, if_running: 'skip' })
  for (const url of ['/events', '/status', '/ready', '/health', '/metrics', '/runs?limit=1'])
    await ask('GET', url)
  await ask('GET', '/queue')
  await ask('GET', '/queue?limit=0')
  await ask('POST', `/queue/${first}/first`)
  await ask('POST', '/queue/nobody/first', {})
  const queued = { ...run, if_running: 'queue' }
  const { run_id: waiting } = await ask('POST', '/run', { ...queued, codex_prompt: 'true' })
  await ask('POST', `/queue/${waiting}/first`)
  const checked = {
    ...run,
    codex_prompt: 'true',
    slot: 'checked',
    workspace: dir,
    verify: 'true',
    wait: true,
  }
  const { run_id: verified } = await ask('POST', '/run', checked)
  for (const [query, range] of [
    ['', ''],
    ['', 'bytes=0-1'],
    ['', 'bytes=99999-'],
    ['?tail=x', ''],
  ] as const)
    await ask('GET', `/runs/${verified}/verify-log${query}`, null, range === '' ? {} : { range })
  await ask('GET', `/runs/${verified}/diff`)
  await ask('GET', '/runs/nobody/diff')
  const log = `/runs/${first}/log`
  await ask('POST', `/runs/${first}/stop`)
  await ask('POST', `/runs/${first}/stop`)
  await ask('POST', '/runs/nobody/stop', {})
  await ask('GET', `/runs/${first}`)
  await ask('GET', log)
  await ask('HEAD', log)
  await ask('HEAD', '/runs/nobody/log')
  await ask('GET', `${log}?tail=1`)
  await ask('GET', `${log}/search?q=hello`)
  await ask('GET', `${log}/search`)
  await ask('GET', '/runs/nobody/log/search?q=hello')
  await ask('GET', `${log}/lines?count=1`)
  await ask('GET', `${log}/lines?from=0`)
  await ask('GET', `${log}/times`)
  await ask('GET', `${log}/times?from=0`)
  const transcript = `/runs/${first}/transcript`
  await ask('GET', transcript)
  await ask('GET', `${transcript}?limit=0`)
  await ask('GET', '/runs/nobody/transcript')
  await ask('GET', `${transcript}?follow=1`, null, { 'last-event-id': 'end' })
  await ask('GET', `${log}?follow=1`)
  await ask('GET', `${log}?follow=yes`)
  await ask('GET', `${log}?follow=1`, null, { 'last-event-id': 'end' })
  await ask('GET', log, null, { range: 'bytes=0-9' })
  await ask('GET', log, null, { range: 'bytes=999999-' })
  await ask('POST', '/run', { ...run, codex_prompt: 'echo done', wait: true })
  await ask('POST', '/run', { ...run, codex_prompt: '' })
  await ask('POST', '/run', { ...run, resume: 'nobody' })
  await ask('POST', '/run', { ...run, codex_prompt: 'exit 3', codex_exec_startup_check_seconds: 10 })
  const limit = 'echo "ERROR: You\'ve hit your usage limit. Try again in 10 minutes."; exit 1'
  await ask('POST', '/run', { ...run, codex_prompt: limit, wait: true, on_quota: 'fail' })
  await ask('GET', '/holds')
  await ask('POST', '/run', { ...run, codex_prompt: 'true' })
  await ask('POST', '/run', { ...run, codex_prompt: 'true', on_quota: 'fail' })
  await ask('POST', '/holds/codex/release')
  await ask('POST', '/holds/nobody/release')
})

t.test('everything that the document says was seen', async (t) => {
  const { document } = await setUp(t)
  const unseen = operationsOf(document)
    .filter(({ method }) => method !== 'HEAD')
    .flatMap(({ name, operation }) =>
      Object.keys(operation.responses).flatMap((status) =>
        NOT_PROVOKED.includes(status) || seen.has(`${name} ${status}`) ? [] : [`${name} ${status}`],
      ),
    )
  t.same(unseen, [])
})

t.test('the page shows every operation, runs nothing and loads nothing', async (t) => {
  const { app, document } = await setUp(t)
  const answer = await app.inject('/docs')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  t.match(
    answer.headers['content-security-policy'],
    /^default-src 'none'; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  )
  for (const { method, path } of operationsOf(document)) {
    t.match(answer.body, `<h3><b>${method}</b> <code>${path}</code></h3>`)
  }
  t.notMatch(answer.body, /<script|<link|<img|<iframe|url\(|@import|\son\w+=|style="/)
  const links = [...answer.body.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to = '']) => to)
  const ids = new Set([...answer.body.matchAll(/id="([^"]*)"/g)].map(([, id]) => `#${id}`))
  for (const link of links)
    t.ok(['openapi.json', './'].includes(link) || ids.has(link), `${link} leads somewhere`)
  t.equal((await app.inject('/docs')).body, answer.body)
  t.match(answer.body, 'curl http://localhost:80/health')
  const behind = { 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/tools/looper' }
  const proxied = await app.inject({ url: '/docs', headers: behind })
  t.match(proxied.body, 'curl https://localhost:80/tools/looper/health')
  const hostile = { 'x-forwarded-proto': 'javascript', 'x-forwarded-prefix': '/<b>$(id)' }
  const strange = await app.inject({ url: '/docs', headers: hostile })
  t.match(strange.body, 'curl http://localhost:80/health')
  t.notMatch(strange.body, /\$\(id\)/)
  const elsewhere = await app.inject({ url: '/docs', headers: { host: '127.0.0.1:3456' } })
  t.match(elsewhere.body, 'curl http://127.0.0.1:3456/health')
})
