import { once } from 'node:events'
import net from 'node:net'
import t, { type Test } from 'tap'
import { answerClientError } from '../../src/http/client-error.ts'

/** Both ends of a connection. */
async function connection(test: Test): Promise<{ server: net.Socket; client: net.Socket }> {
  const listener = net.createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  test.teardown(() => listener.close())
  const address = listener.address()
  const accepted = once(listener, 'connection')
  const client = net.connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  const [server] = await accepted
  test.teardown(() => {
    client.destroy()
    server.destroy()
  })
  return { server, client }
}

async function readAll(socket: net.Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8')
  for await (const chunk of socket) text += chunk
  return text
}

const failure = (code: string) => Object.assign(new Error('broken'), { code })

t.test('what was no request is answered in the common shape, and the connection ends', async (t) => {
  const cases = [
    ['HPE_HEADER_OVERFLOW', 431, 'Request Header Fields Too Large', 'LOOPER_HEADERS_TOO_LARGE'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'Request Timeout', 'LOOPER_REQUEST_TIMEOUT'],
    ['HPE_INVALID_METHOD', 400, 'Bad Request', 'LOOPER_BAD_REQUEST'],
  ] as const
  for (const [errno, status, reason, code] of cases) {
    const { server, client } = await connection(t)
    t.equal(answerClientError(failure(errno), server, 'id'), code)
    const answer = await readAll(client)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    t.ok(head.startsWith(`HTTP/1.1 ${status} ${reason}\r\n`), errno)
    t.match(head, `content-length: ${Buffer.byteLength(body)}`)
    t.match(head, 'x-content-type-options: nosniff')
    t.match(head, 'x-request-id: id')
    t.match(JSON.parse(body), { ok: false, error: reason, code, remedy: /\.$/, request_id: 'id' })
  }
})

t.test('an error without a code is a bad request', async (t) => {
  const { server, client } = await connection(t)
  answerClientError(new Error('what'), server, 'id')
  t.match(await readAll(client), /^HTTP\/1\.1 400 /)
})

t.test('where nobody can read, nothing is said', async (t) => {
  for (const errno of ['ECONNRESET', 'EPIPE']) {
    const { server, client } = await connection(t)
    t.equal(answerClientError(failure(errno), server, 'id'), null)
    t.equal(await readAll(client), '', errno)
    t.equal(server.destroyed, true)
  }
  const { server, client } = await connection(t)
  server.end()
  t.equal(answerClientError(failure('HPE_INVALID_METHOD'), server, 'id'), null)
  t.equal(await readAll(client), '', 'after the end')
  t.equal(server.destroyed, true)
})
