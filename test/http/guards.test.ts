import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config.ts'
import { type HostRules, hostRulesOf } from '../../src/http/guards.ts'
import { buildTestApp } from '../helpers/app.ts'
import { exchange } from '../helpers/live-run.ts'

async function setUp(test: Test, hosts: HostRules) {
  const { app } = await buildTestApp(test, { hosts })
  return async (headers: Record<string, string>, url = '/health') => {
    const answer = await app.inject({ url, headers })
    return answer.statusCode
  }
}

t.test('on loopback only the names of loopback are answered, and those that were added', async (t) => {
  const status = await setUp(t, { allowed: ['looper.test'], pages: [], origins: [], others: 'none' })
  for (const host of [
    'localhost',
    'LocalHost:1',
    '127.0.0.1:3456',
    '[::1]',
    '[::1]:3456',
    'looper.test',
    'Looper.Test:443',
    'localhost.',
    'looper.test.:443',
  ])
    t.equal(await status({ host }), 200, host)
  for (const host of [
    'evil.test',
    'looper.test.evil',
    '127.0.0.2',
    '::1:',
    'localhost..',
    'looper.test.evil.',
  ])
    t.equal(await status({ host }), 421, host)
})

t.test('elsewhere addresses will do, or any name at all', async (t) => {
  const any = await setUp(t, { allowed: [], pages: [], origins: [], others: 'any' })
  t.equal(await any({ host: 'what.ever' }), 200)
  const some = await setUp(t, { allowed: ['looper.test'], pages: [], origins: [], others: 'addresses' })
  for (const host of ['looper.test:8080', '10.0.0.7:3456', '[fe80::1]:3456', 'localhost:3456'])
    t.equal(await some({ host }), 200, host)
  for (const host of ['what.ever', '10.0.0.7.evil.test', 'localhost.evil.test'])
    t.equal(await some({ host }), 421, host)
})

t.test('any name will do only where a token is asked for and no names are set', async (t) => {
  const dir = t.testdir({ 'tokens.json': '' })
  const rules = (env: NodeJS.ProcessEnv) => hostRulesOf(loadConfig(env, { projectDir: dir, home: dir }).http)
  t.strictSame(rules({}), { allowed: ['127.0.0.1'], pages: [], origins: [], others: 'none' })
  const loopback = { LOOPER_HOST: '127.0.0.5', LOOPER_ALLOW_UNAUTHENTICATED: '1' }
  t.strictSame(rules({ ...loopback, LOOPER_ALLOWED_HOSTS: 'a.test' }), {
    allowed: ['127.0.0.5', 'a.test'],
    pages: ['a.test'],
    origins: [],
    others: 'none',
  })
  const [LOOPER_API_TOKEN, LOOPER_ALLOWED_HOSTS] = ['x', 'a.test']
  t.strictSame(rules({ LOOPER_API_TOKEN }), { allowed: ['0.0.0.0'], pages: [], origins: [], others: 'any' })
  t.strictSame(rules({ LOOPER_TOKENS_FILE: 'tokens.json' }), {
    allowed: ['0.0.0.0'],
    pages: [],
    origins: [],
    others: 'any',
  })
  t.strictSame(rules({ LOOPER_API_TOKEN, LOOPER_ALLOWED_HOSTS }), {
    allowed: ['0.0.0.0', 'a.test'],
    pages: ['a.test'],
    origins: [],
    others: 'addresses',
  })
  t.strictSame(rules({ LOOPER_HOST: 'My.Host', LOOPER_ALLOW_UNAUTHENTICATED: '1' }), {
    allowed: ['my.host'],
    pages: [],
    origins: [],
    others: 'addresses',
  })
})

t.test('the pages of this machine count by their port, whatever names are set', async (t) => {
  const dir = t.testdir()
  const names = 'Looper.Test,localhost,127.0.0.1,::1,my.host'
  const env = { LOOPER_ALLOWED_HOSTS: names, LOOPER_HOST: 'my.host', LOOPER_API_TOKEN: 'x' }
  t.strictSame(hostRulesOf(loadConfig(env, { projectDir: dir, home: dir }).http).pages, ['looper.test'])
})

t.test('an address as the target counts more than the header; none at all is no foreign one', async (t) => {
  const { app } = await buildTestApp(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const status = async (target: string, version: string, headers: string) =>
    (await exchange(url, `GET ${target} HTTP/${version}\r\n${headers}Connection: close\r\n\r\n`)).slice(9, 12)
  t.equal(await status('http://localhost/health', '1.1', 'Host: localhost\r\n'), '200')
  t.equal(await status('http://evil.test/health', '1.1', 'Host: localhost\r\n'), '421')
  t.equal(await status('/health', '1.0', ''), '200')
  t.equal(await status('/health', '1.0', 'Host: evil.test\r\n'), '421')
  t.equal(await status('http://evil.test/health', '1.0', ''), '421')
  t.equal(await status('/health', '1.0', 'Origin: http://undefined\r\n'), '403')
  t.equal(await status('/health', '1.1', ''), '400')
})

t.test('only the same origin, or none, is answered', async (t) => {
  const status = await setUp(t, { allowed: [], pages: [], origins: [], others: 'none' })
  const host = 'localhost:3456'
  const good: Record<string, string>[] = [
    {},
    { origin: 'http://localhost:3456' },
    { origin: 'https://localhost:3456' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:3456' },
    { 'sec-fetch-site': 'none' },
  ]
  for (const headers of good) t.equal(await status({ host, ...headers }), 200, JSON.stringify(headers))
  const bad: Record<string, string>[] = [
    { origin: 'http://localhost' },
    { origin: 'http://localhost:34567' },
    { origin: 'null' },
    { origin: 'http://evil.test' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:3456' },
  ]
  for (const headers of bad) t.equal(await status({ host, ...headers }), 403, JSON.stringify(headers))
})

t.test('a page of a host that is set may ask, however a proxy calls the service', async (t) => {
  const status = await setUp(t, {
    allowed: ['looper.test'],
    pages: ['looper.test'],
    origins: [],
    others: 'none',
  })
  const hosts = ['127.0.0.1:3456', 'localhost', 'looper.test', 'looper.test:8443', '[::1]:3456']
  const good = ['https://looper.test', 'http://looper.test', 'https://looper.test:8443']
  const bad = [
    'https://evil.test',
    'https://looper.test.evil.test',
    'https://looper.test:8443.evil.test',
    'https://evil-looper.test',
    'https://sub.looper.test',
    'http://localhost:1',
    'http://127.0.0.1:1',
    'looper.test',
    'file://looper.test',
    'https://',
    'null',
    '',
  ]
  for (const host of hosts) {
    for (const origin of good) t.equal(await status({ host, origin }), 200, `${origin} at ${host}`)
    for (const origin of bad) t.equal(await status({ host, origin }), 403, `${origin} at ${host}`)
  }
  const page = { host: '127.0.0.1:3456', origin: 'https://looper.test' }
  t.equal(await status({ ...page, 'sec-fetch-site': 'same-origin' }), 200)
  t.equal(await status({ ...page, 'sec-fetch-site': 'cross-site' }), 403)
})

t.test('every answer carries the headers that keep browsers from using it', async (t) => {
  const { app } = await buildTestApp(t)
  for (const url of ['/health', '/nothing', '/runs/none']) {
    const { headers } = await app.inject(url)
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': /^application\/json/,
    })
  }
})

t.test('a link on a page of another origin may lead to the dashboard, and to nothing else', async (t) => {
  const status = await setUp(t, { allowed: [], pages: [], origins: [], others: 'none' })
  const followed = { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  t.equal(await status(followed, '/'), 200)
  t.equal(await status({ ...followed, 'sec-fetch-mode': 'no-cors' }, '/'), 403)
  for (const url of ['/health', '/runs', '/dashboard/main.js', '/nothing'])
    t.equal(await status(followed, url), 403, url)
})
