import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { setUpFault, stopSurely } from '../helpers/fault-service.ts'
import { startPushService } from '../helpers/push-service.ts'
import type { TestService } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'services are looked after in /proc')
  process.exit()
}

/** Tokens: their names and secrets. */
const TOKENS = [
  ['ada', 'read'],
  ['bob', 'run'],
  ['eve', 'admin'],
] as const

/** Asks the service, with somebody's token. */
async function api({ url }: TestService, route: string, token: string, body: object | null = null) {
  const response = await fetch(`${url}${route}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

async function setUp(t: Test) {
  const push = await startPushService(t)
  const tokens = TOKENS.map(([name, scope]) => ({ name, scope, sha256: hashToken(name) }))
  const file = path.join(t.testdirName, 'tokens.json')
  const settings = {
    LOOPER_TOKENS_FILE: file,
    LOOPER_HOST: '127.0.0.1',
    LOOPER_PUSH_CONTACT: 'mailto:owner@example.com',
    LOOPER_PUSH_SERVICES: push.origin,
  }
  const fault = await setUpFault(t, settings, { 'tokens.json': JSON.stringify({ tokens }) })
  return { ...fault, push, file }
}

t.test('a device subscribes, is tested, and is nobody else’s', async (t) => {
  const { service, push, restart, logDir } = await setUp(t)
  const { body: first } = await api(service, '/push/key', 'ada')
  t.match(first, { key: /^[\w-]{87}$/ })
  const subscription = {
    ...push.subscribe(first.key),
    wants: ['asks', 'ends'],
    name: 'phone\u001b[2J of Ada',
  }
  const put = await api(service, '/push/devices', 'ada', subscription)
  const device = {
    device_id: 1,
    name: 'phone of Ada',
    service: new URL(push.origin).host,
    wants: ['asks', 'ends'],
    owner: 'ada',
  }
  t.match(put, { status: 200, body: { ok: true, device } })
  t.notMatch(JSON.stringify(put.body), subscription.endpoint)
  t.match(await api(service, '/push/devices/1/test', 'ada', {}), { status: 200, body: { ok: true } })
  t.match(push.delivered, [{ topic: 'test', text: /This device is told/ }])
  t.same(push.faults, [])

  t.match((await api(service, '/push/devices', 'bob')).body, { devices: [] }, 'it is not Bob’s')
  t.match((await api(service, '/push/devices', 'eve')).body, { devices: [device] }, 'whoever may all sees it')
  for (const what of ['test', 'remove'])
    t.match(await api(service, `/push/devices/1/${what}`, 'bob', {}), {
      status: 404,
      body: { code: 'LOOPER_PUSH_DEVICE_NOT_FOUND' },
    })
  t.match(await api(service, '/push/devices/1/test', 'nobody', {}), { status: 401 })
  t.match(await api(service, '/push/devices/7/test', 'eve', {}), { status: 404 })

  await stopSurely(service)
  const next = await restart()
  t.same((await api(next, '/push/key', 'bob')).body, first, 'the key stays')
  t.match((await api(next, '/push/devices', 'ada')).body, { devices: [device] })
  const again = await api(next, '/push/devices', 'ada', { ...subscription, wants: [] })
  t.match(again.body, { device: { device_id: 1, wants: [] } }, 'the same endpoint is the same device')

  push.answer = () => ({ status: 503, body: 'tired' })
  t.match(await api(next, '/push/devices/1/test', 'ada', {}), {
    status: 502,
    body: { code: 'LOOPER_PUSH_FAILED', error: /503 tired/ },
  })
  push.answer = () => ({ status: 410 })
  t.match(await api(next, '/push/devices/1/test', 'ada', {}), { status: 502 })
  t.match((await api(next, '/push/devices', 'ada')).body, { devices: [] }, 'it has unsubscribed')

  push.answer = null
  const of = await api(next, '/push/devices', 'bob', { ...push.subscribe(first.key), wants: [] })
  const id = of.body.device.device_id
  t.match(await api(next, `/push/devices/${id}/remove`, 'eve', {}), { status: 200 })
  t.match((await api(next, '/push/devices', 'bob')).body, { devices: [] })
  const log = readFileSync(path.join(logDir, 'looper-server.log'), 'utf8')
  t.match(log, 'push.device')
  t.notMatch(log, subscription.endpoint)
})

t.test('what is no subscription, or leads elsewhere, is refused', async (t) => {
  const { service, push, file } = await setUp(t)
  const good = { ...push.subscribe('key'), wants: ['asks'] }
  const port = new URL(push.origin).port
  const known = 'https://updates.push.services.mozilla.com/wpush/v2/x'
  for (const endpoint of [
    'nothing',
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/',
    'https://localhost/',
    `http://localhost:${port}/x`,
    `https://127.0.0.1:${port}/`,
    'http://127.0.0.1:1/',
    'https://[::1]/',
    'https://10.0.0.1/',
    'https://fcm.googleapis.com.example.com/',
    'https://evilfcm.googleapis.com.evil/',
    'https://notfcm.googleapis.com/',
    'https://fcm.googleapis.com:8443/',
    'http://fcm.googleapis.com/',
    'https://user@fcm.googleapis.com/',
    `http://user:pass@127.0.0.1:${port}/`,
    'file:///etc/passwd',
  ])
    t.match(await api(service, '/push/devices', 'ada', { ...good, endpoint }), {
      status: 400,
      body: { code: 'LOOPER_FIELD_INVALID', error: /endpoint/ },
    })
  const { keys } = good
  const { endpoint: _endpoint, ...nowhere } = good
  for (const [body, error] of [
    [nowhere, "missing 'endpoint'"],
    [{ endpoint: known, keys }, "missing 'wants'"],
    [{ endpoint: known, wants: [] }, "'keys' are not those of a subscription"],
    [
      { ...good, endpoint: `${known}${'x'.repeat(2048)}` },
      "'endpoint' must be an address of at most 2048 characters",
    ],
    [{ ...good, keys: { ...keys, auth: 'x' } }, "'keys' are not those of a subscription"],
    [
      { ...good, keys: { ...keys, auth: 7 } },
      "'keys' must be the keys of a subscription, as the browser gives them",
    ],
    [{ ...good, wants: ['asks', 'more'] }, '\'wants\' must be a list of "asks", "ends" and "holds"'],
    [{ ...good, wants: 'asks' }, '\'wants\' must be a list of "asks", "ends" and "holds"'],
    [{ ...good, name: 7 }, "'name' must be a string"],
  ] as const)
    t.match(await api(service, '/push/devices', 'ada', Object(body)), {
      status: 400,
      body: { code: 'LOOPER_FIELD_INVALID', error },
    })
  t.match(await api(service, '/push/devices', 'ada', { ...good, endpoint: known }), { status: 200 })
  for (let n = 1; n < 50; n++)
    t.match(await api(service, '/push/devices', 'ada', { ...good, endpoint: `${known}${n}` }), {
      status: 200,
    })
  t.match(await api(service, '/push/devices', 'bob', good), {
    status: 409,
    body: { code: 'LOOPER_PUSH_DEVICES_LIMIT' },
  })
  t.match(await api(service, '/push/devices', 'ada', { ...good, endpoint: known }), { status: 200 })
  t.match(await api(service, '/push/devices/x/test', 'ada', {}), { status: 400 })
  t.equal(push.requests(), 0)
  const left = [{ name: 'bob', scope: 'run', sha256: hashToken('bob') }]
  writeFileSync(file, JSON.stringify({ tokens: left }))
  t.match(await api(service, '/push/devices', 'ada'), { status: 401 })
})

t.test('where it is off there is nothing of it', async (t) => {
  const { service, logDir } = await setUpFault(t, { LOOPER_PUSH_CONTACT: '' })
  t.ok(existsSync(logDir))
  const { status, body } = await api(service, '/push/key', 'any')
  t.match({ status, body }, { status: 404, body: { code: 'LOOPER_NOT_FOUND' } })
})

t.test('where nobody is asked for a token, devices are everybody’s', async (t) => {
  const push = await startPushService(t)
  const settings = { LOOPER_PUSH_CONTACT: 'mailto:owner@example.com', LOOPER_PUSH_SERVICES: push.origin }
  const { service } = await setUpFault(t, settings)
  const { body } = await api(service, '/push/key', 'any')
  const put = await api(service, '/push/devices', 'any', { ...push.subscribe(body.key), wants: ['holds'] })
  t.match(put, { status: 200, body: { device: { device_id: 1, name: '', owner: null, wants: ['holds'] } } })
  t.match((await api(service, '/push/devices', 'any')).body, { devices: [{ device_id: 1 }] })
})

t.test('settings that cannot be meant are refused', async (t) => {
  const { beginReading } = await import('../../src/settings/part.ts')
  const { pushSettings } = await import('../../src/push/settings.ts')
  const read = (env: NodeJS.ProcessEnv) => {
    const reading = beginReading(env, { projectDir: '/', home: '/' })
    return { ...pushSettings.read(reading), problems: reading.problems, warnings: reading.warnings }
  }
  t.strictSame(read({}), { contact: null, services: [], problems: [], warnings: [] })
  const services = 'https://push.example.com, http://[::1]:8080/,http://localhost:1'
  t.strictSame(read({ LOOPER_PUSH_CONTACT: 'https://example.com/me', LOOPER_PUSH_SERVICES: services }), {
    contact: 'https://example.com/me',
    services: ['https://push.example.com', 'http://[::1]:8080', 'http://localhost:1'],
    problems: [],
    warnings: [],
  })
  t.match(read({ LOOPER_PUSH_SERVICES: services }).warnings, [/^LOOPER_PUSH_SERVICES counts for nothing/])
  for (const contact of ['me@example.com', 'http://example.com', 'mailto:me', 'https://'])
    t.match(read({ LOOPER_PUSH_CONTACT: contact }).problems, [
      /^LOOPER_PUSH_CONTACT: .*mailto:you@example\.com/,
    ])
  for (const service of ['push.example.com', 'http://push.example.com', 'https://push.example.com/path'])
    t.match(read({ LOOPER_PUSH_SERVICES: service }).problems, [/^LOOPER_PUSH_SERVICES: .*https origins/])
})
