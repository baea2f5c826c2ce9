import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { takeJsonOnly } from '../../src/http/json-body.ts'
import { exchange } from '../helpers/live-run.ts'

/** A server that answers what it took, and the bytes of it. */
function setUp(test: Test) {
  const app = Fastify()
  takeJsonOnly(app)
  app.post('/', async ({ body, rawBody }) => ({ body, raw: rawBody?.toString('hex') ?? null }))
  test.teardown(() => app.close())
  return (payload: string | Buffer, type = 'application/json') =>
    app.inject({ method: 'POST', url: '/', headers: { 'content-type': type }, payload })
}

t.test('JSON is parsed, and its bytes are kept as they came', async (t) => {
  const post = setUp(t)
  const text = ' {"a" : "\\u0041 ä"}\n'
  for (const type of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON']) {
    const answer = await post(text, type)
    t.strictSame(answer.json(), { body: { a: 'A ä' }, raw: Buffer.from(text).toString('hex') }, type)
  }
})

t.test('other types are refused', async (t) => {
  const post = setUp(t)
  for (const type of [
    'text/plain',
    'text/json',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    'nonsense',
  ])
    t.equal((await post('{}', type)).statusCode, 415, type)
})

t.test('an empty body is none, whatever its announced type', async (t) => {
  const app = Fastify()
  takeJsonOnly(app)
  app.post('/', async ({ body }) => ({ isNone: body === undefined }))
  t.teardown(() => app.close())
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  const post = (headers: string, body = '') =>
    exchange(
      `http://127.0.0.1:${port}`,
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n${body}`,
    )
  const json = 'Content-Type: application/json\r\n'
  const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
  for (const headers of ['', json, form, 'Content-Type: nonsense\r\n']) {
    for (const length of ['', 'Content-Length: 0\r\n']) {
      const answer = await post(headers + length)
      t.match(answer, /^HTTP\/1\.1 200 /, headers + length)
      t.match(answer, '{"isNone":true}')
    }
  }
  const pieces = 'Transfer-Encoding: chunked\r\n'
  t.match(await post(json + pieces, '0\r\n\r\n'), '{"isNone":true}', 'in pieces')
  t.match(await post(form + pieces, '1\r\nx\r\n0\r\n\r\n'), /^HTTP\/1\.1 415 /)
  t.match(await post(`${form}Content-Length: 1\r\n`, 'x'), /^HTTP\/1\.1 415 /)
  t.match(await post(`${json}Content-Length: 1\r\n`, ' '), /^HTTP\/1\.1 400 /)
})

t.test('what is no UTF-8 or no JSON is refused', async (t) => {
  const post = setUp(t)
  for (const bytes of [Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])])
    t.match((await post(bytes)).json(), { code: 'LOOPER_BODY_INVALID' })
  for (const text of ['{', '{"__proto__":1}', '{"constructor":{"prototype":1}}'])
    t.equal((await post(text)).statusCode, 400, text)
})

t.test('64 levels are taken, 65 are not; brackets in texts are none', async (t) => {
  const post = setUp(t)
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.equal((await post(nested(64))).statusCode, 200)
  t.match((await post(nested(65))).json(), { code: 'LOOPER_BODY_INVALID' })
  t.match((await post(`${'{"a":['.repeat(33)}${']}'.repeat(33)}`)).json(), { code: 'LOOPER_BODY_INVALID' })
  t.equal(
    (await post(JSON.stringify('[{"\\'.repeat(100)))).statusCode,
    200,
    'with escaped quotes and backslashes',
  )
  t.equal(
    (await post(`[${Array(200).fill('[]').join(',')}]`)).statusCode,
    200,
    'beside each other is not deep',
  )
})
