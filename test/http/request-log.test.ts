import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { createTokenCheck } from '../../src/http/tokens.ts'
import { buildTestApp, NOW, type TestAppOptions } from '../helpers/app.ts'
import { exchange } from '../helpers/live-run.ts'
import { until } from '../helpers/service.ts'

const TOKEN = 'the-right-token-of-this-test'
const RIGHT = { authorization: `Bearer ${TOKEN}` }
const tokens = createTokenCheck(TOKEN, null, () => NOW, t.fail)

/** The app, and the lines of requests that it told of. */
async function setUp(test: Test, options: TestAppOptions = {}) {
  const { app, events } = await buildTestApp(test, options)
  const lines = (...names: string[]) => events.filter(({ msg }) => names.includes(String(msg)))
  const told = () => lines('http.start', 'http.end')
  return { app, events, lines, told }
}

const FLOODS: [string, { url: string; headers?: Record<string, string>; method?: 'POST' | 'DELETE' }][] = [
  ['addresses that there are not', { url: '/nothing' }],
  ['wrong methods', { url: '/status', method: 'DELETE' }],
  ['no token', { url: '/status' }],
  ['bad tokens', { url: '/status', headers: { authorization: 'Bearer bad' } }],
  ['a foreign host', { url: '/health', headers: { host: 'evil.test' } }],
  ['a foreign page', { url: '/status', headers: { origin: 'http://evil.test', ...RIGHT } }],
  ['what needs no token', { url: '/health' }],
]

for (const [what, request] of FLOODS) {
  t.test(`strangers fill sixty requests' lines a minute: ${what}`, async (t) => {
    const { app, told, lines, events } = await setUp(t, { tokens })
    for (let i = 0; i < 100; i++) await app.inject(request)
    t.equal(told().length, 120)
    t.equal(events.length, 120, 'and no others')
    await app.inject({ url: '/status', headers: RIGHT })
    t.match(told().slice(120), [
      { msg: 'http.start', path: '/status' },
      { msg: 'http.end', caller: 'LOOPER_API_TOKEN', status: 200 },
    ])
    await app.close()
    t.match(lines('http.left_out'), [{ requests: 40 }])
  })
}

t.test('what is no request at all counts among them', async (t) => {
  const { app, lines } = await setUp(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  for (let i = 0; i < 70; i++) await exchange(url, 'hello\r\n\r\n')
  t.equal(lines('http.refused').length, 60)
  await app.close()
  t.match(lines('http.left_out'), [{ requests: 10 }])
})

t.test('where no token is asked for, all are told of but those that are refused', async (t) => {
  const { app, told } = await setUp(t)
  for (let i = 0; i < 100; i++) await app.inject('/status')
  for (let i = 0; i < 100; i++) await app.inject('/health')
  t.equal(told().length, 400)
  for (let i = 0; i < 50; i++) await app.inject('/nothing')
  for (let i = 0; i < 50; i++) await app.inject({ url: '/status', headers: { host: 'evil.test' } })
  t.equal(told().length, 520)
})

t.test('the sender of a hook is told of once it is known, whoever else comes', async (t) => {
  const file = path.join(t.testdir(), 'hooks.json')
  const hooks = { ci: { kind: 'bearer', secret: 'the-secret-of-ci', message: 'x', prompt: '' } }
  writeFileSync(file, JSON.stringify({ hooks }))
  const { app, told } = await setUp(t, { tokens, hooks: { file, env: {} } })
  const deliver = (secret: string) =>
    app.inject({
      method: 'POST',
      url: '/hooks/ci',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      payload: '{}',
    })
  for (let i = 0; i < 70; i++) await deliver('a bad one')
  t.equal(told().length, 120)
  t.equal((await deliver('the-secret-of-ci')).statusCode, 202)
  t.match(told().slice(120), [
    { msg: 'http.start', method: 'POST', path: '/hooks/ci' },
    { msg: 'http.end', caller: 'hook:ci', status: 202 },
  ])
})

t.test('a known caller without the right to it is told of, too', async (t) => {
  const eye = {
    hasExpired: () => false,
    all: () => [],
    callerOf: () => ({ name: 'eye', scope: 'read' as const }),
  }
  const { app, told } = await setUp(t, { tokens: eye })
  for (let i = 0; i < 70; i++) await app.inject({ method: 'POST', url: '/run', headers: RIGHT })
  t.equal(told().length, 140)
  t.match(told().at(-1), { msg: 'http.end', caller: 'eye', status: 403 })
})

t.test('a path is cut, once the secrets are out of it, and its query is left out', async (t) => {
  const redact = (text: string) => text.replaceAll('a-secret-of-this-test', '[redacted]')
  const { app, told } = await setUp(t, { redact })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const get = (target: string) =>
    exchange(url, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  await get(`/${'x'.repeat(190)}a-secret-of-this-test${'y'.repeat(10_000)}?query`)
  await until('it is over', () => told().length === 2)
  t.equal(told()[0]?.path, `/${'x'.repeat(190)}[redacted…`)
  await get('/health?a-secret-of-this-test')
  await until('it is over', () => told().length === 4)
  t.equal(told()[2]?.path, '/health')
})
