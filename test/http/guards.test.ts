import t, { type Test } from 'tap'
import type { HostRules } from '../../src/http/guards.ts'
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
  const status = await setUp(t, { isLoopback: true, allowed: ['looper.test'] })
  for (const host of [
    'localhost',
    'LocalHost:1',
    '127.0.0.1:3456',
    '[::1]',
    '[::1]:3456',
    'looper.test',
    'Looper.Test:443',
  ])
    t.equal(await status({ host }), 200, host)
  for (const host of ['evil.test', 'looper.test.evil', '127.0.0.2', '::1:', 'localhost.'])
    t.equal(await status({ host }), 421, host)
})

t.test('elsewhere any name will do, until some are given; then only those and addresses', async (t) => {
  const any = await setUp(t, { isLoopback: false, allowed: [] })
  t.equal(await any({ host: 'what.ever' }), 200)
  const some = await setUp(t, { isLoopback: false, allowed: ['looper.test'] })
  t.equal(await some({ host: 'looper.test:8080' }), 200)
  t.equal(await some({ host: '10.0.0.7:3456' }), 200)
  t.equal(await some({ host: '[fe80::1]:3456' }), 200)
  t.equal(await some({ host: 'what.ever' }), 421)
})

t.test('an address as the target counts more than the header; none at all is no name', async (t) => {
  const { app } = await buildTestApp(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const status = async (target: string, version: string, headers: string) =>
    (await exchange(url, `GET ${target} HTTP/${version}\r\n${headers}Connection: close\r\n\r\n`)).slice(9, 12)
  t.equal(await status('http://localhost/health', '1.1', 'Host: localhost\r\n'), '200')
  t.equal(await status('http://evil.test/health', '1.1', 'Host: localhost\r\n'), '421')
  t.equal(await status('/health', '1.0', ''), '421')
})

t.test('only the same origin, or none, is answered', async (t) => {
  const status = await setUp(t, { isLoopback: true, allowed: [] })
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
  const status = await setUp(t, { isLoopback: true, allowed: [] })
  const followed = { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  t.equal(await status(followed, '/'), 200)
  t.equal(await status({ ...followed, 'sec-fetch-mode': 'no-cors' }, '/'), 403)
  for (const url of ['/health', '/runs', '/dashboard/main.js', '/nothing'])
    t.equal(await status(followed, url), 403, url)
})
