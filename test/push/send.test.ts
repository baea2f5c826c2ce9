import dns from 'node:dns'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { deviceKeys } from '../../src/push/device.ts'
import { sendPush } from '../../src/push/send.ts'
import { newVapidKey } from '../../src/push/vapid.ts'
import { startPushService } from '../helpers/push-service.ts'

const NEVER = new AbortController().signal
const NOW = 1_800_000_000_000
const MESSAGE = { payload: '{"title":"Ω"}', ttlSeconds: 60, urgency: 'high', topic: 'test' } as const

t.test(
  'a message arrives as it was sent, and every other answer of the push service means something',
  async (t) => {
    const service = await startPushService(t)
    const key = newVapidKey()
    const { endpoint, keys: given } = service.subscribe(key.publicKey.toString('base64url'))
    const keys = deviceKeys(given)
    if (keys === null) return t.fail('no keys')
    let now = Date.now()
    const clock = { now: () => now }
    const deps = { key: () => key, contact: 'mailto:a@example.com', env: {}, clock }
    const send = (to = endpoint, signal = NEVER) => sendPush({ endpoint: to, keys }, MESSAGE, deps, signal)

    t.strictSame(await send(), { kind: 'sent' })
    t.match(service.delivered, [{ text: '{"title":"Ω"}', topic: 'test', urgency: 'high', ttl: 60 }])
    t.match(await send(endpoint.replace('/push/', '/other/')), {
      kind: 'refused',
      why: /answered 400 Error: POST/,
    })
    t.equal(service.faults.length, 1)

    now = NOW
    for (const [status, expected, headers] of [
      [404, { kind: 'gone' }, {}],
      [410, { kind: 'gone', why: 'the push service answered 410 so it is' }, {}],
      [400, { kind: 'refused' }, {}],
      [403, { kind: 'refused' }, {}],
      [413, { kind: 'refused' }, {}],
      [301, { kind: 'refused' }, { location: 'http://127.0.0.1:1/' }],
      [408, { kind: 'later', retryAfterMs: null }, {}],
      [429, { kind: 'later', retryAfterMs: 120_000 }, { 'retry-after': '120' }],
      [429, { kind: 'later', retryAfterMs: 5000 }, { 'retry-after': new Date(NOW + 5000).toUTCString() }],
      [503, { kind: 'later', retryAfterMs: null }, { 'retry-after': 'soon' }],
      [500, { kind: 'later', retryAfterMs: null }, {}],
    ] as const) {
      service.answer = () => ({ status, headers, body: 'so\u001b[2J it is' })
      t.match(await send(), expected, `${status}`)
    }

    service.answer = () => 'floods'
    const flooded = await send()
    t.match(flooded, { kind: 'refused' })
    t.ok(flooded.kind === 'refused' && flooded.why.length <= 200)

    service.answer = () => 'hangs'
    const ending = new AbortController()
    const hanging = send(endpoint, ending.signal)
    const before = service.requests()
    while (service.requests() === before) await delay(5)
    ending.abort(new Error('it ends'))
    await t.rejects(hanging, { message: 'it ends' })

    await service.shut()
    t.match(await send(), { kind: 'later', why: /^cannot reach http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/ })
    // Node's own message is empty then.
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    t.intercept(dns, 'lookup', {
      value: (_host: string, _options: object, done: (error: null, found: typeof addresses) => void) =>
        done(null, addresses),
    })
    const { port } = new URL(service.origin)
    t.match(await send(`http://push.test:${port}/`), {
      kind: 'later',
      why: /^cannot reach .*: ECONNREFUSED$/,
    })
    const broken = { ...deps, key: () => ({ ...key, privateKey: Buffer.alloc(0) }) }
    t.match(await sendPush({ endpoint, keys }, MESSAGE, broken, NEVER), { kind: 'later' })
  },
)

t.test('what is no subscription is none', async (t) => {
  const point = newVapidKey().publicKey
  const auth = Buffer.alloc(16).toString('base64url')
  t.match(deviceKeys({ p256dh: point.toString('base64url'), auth }), { p256dh: point })
  const other = Buffer.from(point)
  other[64] = Number(other[64]) ^ 1
  for (const bad of [other, point.subarray(1), Buffer.alloc(65), Buffer.from([0])])
    t.equal(deviceKeys({ p256dh: bad.toString('base64url'), auth }), null)
  t.equal(deviceKeys({ p256dh: point.toString('base64url'), auth: 'AAAA' }), null)
  t.equal(deviceKeys({ p256dh: point.toString('base64'), auth: '💥' }), null)
})
