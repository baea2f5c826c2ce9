import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { connect } from '../../src/cli/client.ts'
import { EXIT } from '../../src/cli/failure.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'

const NEVER = new AbortController().signal

async function setUp(test: Test, token: string | null = null) {
  const service = await startLoopbackLooper(token)
  test.teardown(() => service.close())
  return { service, client: connect({ url: service.url, token }, {}, NEVER, { quietMs: 200 }) }
}

t.test('an answer that has what is needed of it is given back, and the token is sent', async (t) => {
  const { service, client } = await setUp(t, 'sesame')
  service.status = { version: '1', more: true }
  t.strictSame(await client.get<{ version: string }>('/status', ['version']), { version: '1', more: true })
  t.equal(service.asked[0]?.headers.authorization, 'Bearer sesame')
  await t.rejects(client.get<{ slot: object }>('/status', ['slot']), {
    exit: EXIT.unreachable,
    message: /is not Looper/,
  })
})

t.test('a refusal is told in its own words, with its remedy and its exit status', async (t) => {
  const { service, client } = await setUp(t)
  const cases: [number, string, number][] = [
    [400, 'LOOPER_FIELD_INVALID', EXIT.failed],
    [401, 'LOOPER_TOKEN_EXPIRED', EXIT.unauthorized],
    [403, 'LOOPER_FORBIDDEN', EXIT.unauthorized],
    [403, 'LOOPER_WORKSPACE_FORBIDDEN', EXIT.failed],
    [404, 'LOOPER_RUN_NOT_FOUND', EXIT.notFound],
    [409, 'LOOPER_BUSY', EXIT.busy],
    [409, 'LOOPER_RUN_ENDED', EXIT.failed],
    [429, 'LOOPER_RATE_LIMITED', EXIT.unauthorized],
    [500, 'LOOPER_NOTICE_FAILED', EXIT.failed],
    [503, 'LOOPER_SHUTTING_DOWN', EXIT.busy],
  ]
  for (const [status, code, exit] of cases) {
    const body = { ok: false, error: 'why', code, remedy: 'Do this.', request_id: '1' }
    service.interrupt((_, response) => response.writeHead(status).end(JSON.stringify(body)))
    await t.rejects(client.get('/runs', []), { exit, message: 'why', remedy: 'Do this.', answer: body }, code)
  }
})

t.test('who is not let in is told where the command takes its token from', async (t) => {
  const { service, client } = await setUp(t)
  const body = { ok: false, error: 'unauthorized', code: 'LOOPER_UNAUTHORIZED', remedy: 'Send a header.' }
  service.interrupt((_, response) => response.writeHead(401).end(JSON.stringify(body)))
  await t.rejects(client.get('/runs', []), {
    exit: EXIT.unauthorized,
    message: 'unauthorized',
    remedy: /^Set LOOPER_API_TOKEN to a token of this service/,
    answer: body,
  })
})

t.test('what is no Looper is told', async (t) => {
  const { service, client } = await setUp(t)
  const answers: [number, string][] = [
    [200, '<html>'],
    [200, 'null'],
    [404, '<html>'],
    [502, '{"error":"bad gateway"}'],
  ]
  for (const [status, text] of answers) {
    service.interrupt((_, response) => response.writeHead(status).end(text))
    await t.rejects(
      client.get<{ runs: [] }>('/runs', ['runs']),
      { exit: EXIT.unreachable, message: /is not Looper/ },
      text,
    )
  }
  service.interrupt((_, response) => response.writeHead(302, { location: 'https://other' }).end())
  await t.rejects(client.get('/runs', []), {
    exit: EXIT.unreachable,
    message: /redirects to https:\/\/other/,
  })
  t.equal(service.asked.length, 5, 'and not followed')
  service.interrupt((_, response) => response.writeHead(404).end('{"error":"no","code":"LOOPER_NOT_FOUND"}'))
  await t.rejects(client.get('/runs', []), { message: 'no', remedy: null })
})

t.test('a service that is not there, is silent, or breaks off is told, with its address', async (t) => {
  const { service, client } = await setUp(t)
  const gone = connect({ url: 'http://127.0.0.1:1', token: null }, {}, NEVER)
  await t.rejects(gone.get('/runs', []), {
    exit: EXIT.unreachable,
    message: /cannot reach Looper at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    remedy: /npm start/,
  })
  service.interrupt(() => undefined)
  await t.rejects(client.get('/runs', []), { exit: EXIT.unreachable, message: /no answer within 0\.2 s/ })
  service.interrupt((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy())
  })
  await t.rejects(client.get('/runs', []), { exit: EXIT.unreachable, message: /ECONNRESET/ })
})

t.test('an answer that takes long is waited for where something is done', async (t) => {
  const { service, client } = await setUp(t)
  service.interrupt((_, response) => void setTimeout(() => response.end('{"ok":true}'), 400))
  t.strictSame(await client.post<{ ok: boolean }>('/run', { zulip_message: 'x' }, ['ok']), { ok: true })
})

t.test('https is spoken where it is asked for', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      t.equal(bytes[0], 22, 'a TLS handshake')
      socket.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const client = connect({ url: `https://127.0.0.1:${port}`, token: null }, {}, NEVER)
  await t.rejects(client.get('/runs', []), { exit: EXIT.unreachable, message: /cannot reach/ })
})

t.test('an interruption ends it', async (t) => {
  const { service } = await setUp(t)
  const interruption = new AbortController()
  const client = connect({ url: service.url, token: null }, {}, interruption.signal)
  service.interrupt(() => interruption.abort())
  await t.rejects(client.get('/runs', []), { exit: EXIT.interrupted, message: 'interrupted' })
})
