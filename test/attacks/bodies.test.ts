import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { buildTestApp } from '../helpers/app.ts'
import { type RawAnswer, sendRaw, startTarget } from '../helpers/live-run.ts'
import { until } from '../helpers/service.ts'

const MIB = 1024 * 1024
const SECRET = 'the secret of github'
const WELL_FORMED = `sha256=${'a'.repeat(64)}`
const sign = (body: string) => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`

/** An app with a hook that listens, with so much patience for a request. */
async function listening(test: Test, requestMs = 60_000) {
  const file = path.join(test.testdir(), 'hooks.json')
  const hook = { message: 'ci', prompt: 'fix it', workspace: '/', secret: SECRET }
  const hooks = { ci: { ...hook, kind: 'github' }, mine: { ...hook, kind: 'bearer' } }
  writeFileSync(file, JSON.stringify({ hooks }))
  const patience = { requestMs, headersMs: requestMs, checkMs: 20, heartbeatMs: 60_000, drainMs: 60_000 }
  let minutes = 0
  const clock = { ...systemClock, monotonic: () => minutes * 60_000 }
  const { app, asked, events } = await buildTestApp(test, { patience, clock, hooks: { file, env: {} } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const deliver = (body: string): Promise<RawAnswer> =>
    sendRaw(url, {
      method: 'POST',
      path: '/hooks/ci',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(body) },
      body,
    })
  const refused = () => events.filter(({ msg }) => msg === 'hook.refused')
  return { url, asked, deliver, refused, wait: () => ++minutes }
}

/** Begins a delivery and leaves it open. */
function begin(test: Test, url: string, hook: string, headers: Record<string, string>) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  test.teardown(() => socket.destroy())
  let text = ''
  socket.setEncoding('utf8')
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    text += chunk
  })
  const lines = Object.entries({ host: 'localhost', 'content-type': 'application/json', ...headers })
  socket.write(
    `POST /hooks/${hook} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  )
  return {
    send: (bytes: string | Buffer) => new Promise<void>((resolve) => socket.write(bytes, () => resolve())),
    answer: async () => {
      await until('an answer', () => text.includes('\r\n\r\n'))
      return text
    },
    isQuiet: () => text === '',
    leave: () => socket.destroy(),
  }
}

const payload = (bytes: number) => {
  const [head, tail] = ['{"junk":"', '"}']
  return head + 'x'.repeat(bytes - head.length - tail.length) + tail
}

t.test("of what shows at once to be a stranger's no byte is waited for", async (t) => {
  const { url, asked } = await listening(t)
  const length = { 'content-length': String(25 * MIB) }
  const strangers: [string, Record<string, string>, number, string][] = [
    ['none', { 'x-hub-signature-256': WELL_FORMED }, 404, 'LOOPER_NOT_FOUND'],
    ['ci', {}, 401, 'LOOPER_UNAUTHORIZED'],
    ['ci', { 'x-hub-signature-256': 'sha256=' }, 401, 'LOOPER_UNAUTHORIZED'],
    ['ci', { 'x-hub-signature-256': WELL_FORMED.slice(0, -1) }, 401, 'LOOPER_UNAUTHORIZED'],
    ['ci', { authorization: `Bearer ${SECRET}` }, 401, 'LOOPER_UNAUTHORIZED'],
    ['mine', { authorization: 'Bearer wrong' }, 401, 'LOOPER_UNAUTHORIZED'],
  ]
  for (const [hook, headers, status, code] of strangers) {
    for (const size of [length, { 'transfer-encoding': 'chunked' }]) {
      const answer = await begin(t, url, hook, { ...size, ...headers }).answer()
      t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${hook} ${JSON.stringify(headers)}`)
      t.match(answer, `"code":"${code}"`)
    }
  }
  t.same(asked, [])
})

t.test(
  'a payload of the largest size that GitHub sends is taken; a larger one is refused and told',
  async (t) => {
    const { url, asked, deliver, refused, wait } = await listening(t)
    t.equal((await deliver(payload(25 * MIB))).status, 202)
    t.equal(asked.length, 1)
    t.same(refused(), [])

    const larger = await deliver(payload(25 * MIB + 1))
    t.match(
      [larger.status, larger.text],
      [413, '"code":"LOOPER_BODY_TOO_LARGE"'],
      'who sends all of it hears',
    )
    t.match(refused(), [{ hook: 'ci', error: 'the body is too large', limit_bytes: 25 * MIB }])
    const declared = begin(t, url, 'ci', {
      'x-hub-signature-256': WELL_FORMED,
      'content-length': String(25 * MIB + 1),
    })
    t.match(await declared.answer(), /^HTTP\/1\.1 413 /, 'who only says so hears at once')
    t.equal(refused().length, 1, 'the log is told once a minute')
    wait()
    t.equal((await deliver(payload(25 * MIB + 1))).status, 413)
    t.equal(refused().length, 2)
    t.equal(asked.length, 1)
  },
)

t.test(
  'bodies that are read at once share what there is; who finds no room is told to come again',
  async (t) => {
    const { url, asked, deliver, refused } = await listening(t)
    const strangers = Array.from({ length: 3 }, () =>
      begin(t, url, 'ci', { 'x-hub-signature-256': WELL_FORMED, 'content-length': String(25 * MIB) }),
    )
    const piece = Buffer.alloc(21 * MIB)
    for (const stranger of strangers) void stranger.send(piece)
    await until('one of them is refused', () => refused().length === 1)
    await until('it hears', () => strangers.some((stranger) => !stranger.isQuiet()))
    const refusedAnswer = await strangers.find((stranger) => !stranger.isQuiet())?.answer()
    t.match(refusedAnswer, /^HTTP\/1\.1 503 /)
    t.match(refusedAnswer, /\r\nretry-after: \d+\r\n/)
    t.match(refusedAnswer, '"code":"LOOPER_OVERLOADED"')

    t.equal((await deliver('{}')).status, 202, 'a usual one finds room')
    for (const stranger of strangers) stranger.leave()
    await until('what they took is given back', async () => (await deliver(payload(25 * MIB))).status === 202)
    t.equal(asked.length, 2)
  },
)

t.test('a delivery that comes slowly is not waited for, and holds nothing afterwards', async (t) => {
  const { url, asked, deliver } = await listening(t, 500)
  const slow = begin(t, url, 'ci', {
    'x-hub-signature-256': WELL_FORMED,
    'content-length': String(25 * MIB),
  })
  await slow.send('x')
  t.match(await slow.answer(), /^HTTP\/1\.1 408 /)
  t.equal((await deliver('{}')).status, 202)
  t.equal(asked.length, 1)
})

t.test('a run is stopped by who announces JSON and sends none; a run needs a message', async (t) => {
  const { send, live } = await startTarget(t)
  const headers = { 'content-type': 'application/json', 'content-length': '0' }
  const none = await send({ method: 'POST', path: '/run', headers })
  t.match([none.status, none.text], [400, "missing 'zulip_message'"])
  const stopped = await send({ method: 'POST', path: `/runs/${live.runId}/stop`, headers })
  t.match([stopped.status, stopped.text], [200, '"outcome":"stopped"'])
})
