import net from 'node:net'
import t, { type Test } from 'tap'
import { buildTestApp } from '../helpers/app.ts'
import { sendRaw, startTarget } from '../helpers/live-run.ts'

const HEAD = 'POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

/** An app that listens, with little patience. */
async function listening(test: Test, requestMs: number, headersMs: number) {
  const patience = { requestMs, headersMs, checkMs: 20, heartbeatMs: 60_000, drainMs: 60_000 }
  const { app, asked } = await buildTestApp(test, { patience })
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), asked }
}

/** Writes a piece every 20 ms, until the other side closes; resolves with what it said. */
function trickle(url: string, first: string, piece: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    let timer: NodeJS.Timeout | undefined
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(first)
      // Not before: what is written while it connects would go out first.
      timer = setInterval(() => socket.write(piece), 20)
    })
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += chunk
      clearInterval(timer)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearInterval(timer)
      resolve(text)
    })
  })
}

t.test('headers that come slowly are not waited for', async (t) => {
  const { url, asked } = await listening(t, 60_000, 200)
  const answer = await trickle(url, HEAD, 'X-Slow: 1\r\n')
  t.match(answer, /^HTTP\/1\.1 408 /)
  t.match(answer, '"code":"LOOPER_REQUEST_TIMEOUT"')
  t.match(answer, /\r\nconnection: close\r\n/)
  t.same(asked, [])
})

t.test('a body that comes slowly is not waited for', async (t) => {
  const { url, asked } = await listening(t, 300, 300)
  const answer = await trickle(url, `${HEAD}Content-Length: 100000\r\n\r\n{"zulip_message":"`, 'x')
  t.match(answer, /^HTTP\/1\.1 408 /)
  t.match(answer, '"code":"LOOPER_REQUEST_TIMEOUT"')
  t.same(asked, [])
  t.equal((await sendRaw(url, { path: '/health' })).status, 200, 'others are served')
})

t.test('a connection that says nothing is closed, too', async (t) => {
  const { url } = await listening(t, 300, 200)
  t.match(await trickle(url, '', ''), /^(HTTP\/1\.1 408 |$)/)
})

t.test('many slow ones together do not keep others from being served', async (t) => {
  const { url } = await listening(t, 400, 400)
  const slow = Array.from({ length: 100 }, () => trickle(url, HEAD, 'X-Slow: 1\r\n'))
  t.equal((await sendRaw(url, { path: '/health' })).status, 200)
  for (const answer of await Promise.all(slow)) t.match(answer, /^HTTP\/1\.1 408 /)
})

t.test('the service itself waits ten seconds for headers, and the live run is untouched', async (t) => {
  const { service, untouched, serverLog } = await startTarget(t)
  const begin = performance.now()
  const answer = await trickle(service.url, HEAD, 'X-Slow: 1\r\n')
  t.match(answer, /^HTTP\/1\.1 408 /)
  const seconds = (performance.now() - begin) / 1000
  t.ok(seconds > 9 && seconds < 20, `${seconds} s`)
  const { request_id } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
  t.match(serverLog(), `"request_id":"${request_id}","code":"LOOPER_REQUEST_TIMEOUT","address":"127.0.0.1"`)
  await untouched(t, 'slow headers')
})

/** Writes piece by piece, and reads what is said to it, until the other side closes. */
async function pour(test: Test, url: string, pieces: readonly string[]): Promise<string> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  test.teardown(() => socket.destroy())
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const faults: Error[] = []
  let text = ''
  socket.setEncoding('utf8')
  socket.on('error', (error) => faults.push(error))
  socket.on('data', (chunk) => {
    text += chunk
  })
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await closed
  test.same(faults, [])
  return text
}

const CHUNK = `10000\r\n${'x'.repeat(0x10000)}\r\n`
for (const [how, head, pieces] of [
  ['that it announced', 'Content-Length: 8192000\r\n\r\n', Array(125).fill('x'.repeat(65_536))],
  [
    'that it did not announce',
    'Transfer-Encoding: chunked\r\n\r\n',
    [...Array(125).fill(CHUNK), '0\r\n\r\n'],
  ],
] as const) {
  t.test(`whoever sends too large a body ${how} is not cut off in it, and sees the answer`, async (t) => {
    const { url, asked } = await listening(t, 60_000, 60_000)
    const answer = await pour(t, url, [`${HEAD}Connection: close\r\n${head}`, ...pieces])
    t.match(answer, /^HTTP\/1\.1 413 [\s\S]*"code":"LOOPER_BODY_TOO_LARGE"/)
    t.same(asked, [])
  })
}

t.test('the rest of too large a body is not waited for without end', async (t) => {
  const { url } = await listening(t, 60_000, 60_000)
  const answer = await trickle(url, `${HEAD}Content-Length: 4000000\r\n\r\n{`, 'x')
  t.match(answer, /^HTTP\/1\.1 413 /, 'and the connection is closed')
})
