import dns from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { startLoopbackProxy, TLS } from '../../fixtures/loopback-proxy.ts'
import { FOREIGN_ID, startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'
import { until } from '../../helpers/service.ts'

// Looked at before the client is loaded: what it brings along must not stay.
const names = ['FormData', 'fetch', 'Headers', 'Request', 'Response']
const globals = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
const { openZulip, ZulipError } = await import('../../../src/notices/zulip/client.ts')
const { default: zulipJs } = await import('zulip-js')

const MESSAGE = { type: 'stream', to: 'coding', topic: 'builds', content: 'Hello' } as const

async function setUp(t: Test) {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const abort = new AbortController()
  const open = (options = {}) => openZulip({ site: zulip.url, ...zulip.account }, {}, abort.signal, options)
  return { zulip, abort, open }
}

const answer =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, headers).end(body)
  }
const limited = (seconds: number, headers = {}) =>
  answer(
    429,
    JSON.stringify({ result: 'error', msg: 'Slow down', code: 'RATE_LIMIT_HIT', 'retry-after': seconds }),
    headers,
  )

t.test('loading the client leaves the globals as they were', async (t) => {
  t.strictSame(
    names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)),
    globals,
  )
})

t.test('a message to a channel is made', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  t.equal(await client.send(MESSAGE), 42)
  t.strictSame(zulip.messages, [{ id: 42, type: 'channel', to: 'coding', topic: 'builds', content: 'Hello' }])
})

t.test('a message to people is made', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  await client.send({ type: 'private', to: [8], content: 'by number' })
  await client.send({ type: 'private', to: ['grace@zulip.example'], content: 'by e-mail' })
  t.strictSame(zulip.messages, [
    { id: 42, type: 'direct', to: [8], topic: null, content: 'by number' },
    { id: 43, type: 'direct', to: ['grace@zulip.example'], topic: null, content: 'by e-mail' },
  ])
})

t.test('a channel whose name is a number is not taken for the number of a channel', async (t) => {
  const { open } = await setUp(t)
  const client = await open()
  await t.rejects(client.send({ ...MESSAGE, to: '2024' }), { message: "Channel '2024' does not exist" })
})

t.test('slashes at the end of the site do no harm', async (t) => {
  const { zulip } = await setUp(t)
  for (const slashes of ['/', '//']) {
    const client = await openZulip(
      { site: zulip.url + slashes, ...zulip.account },
      {},
      new AbortController().signal,
    )
    await client.send(MESSAGE)
  }
  t.equal(zulip.messages.length, 2)
})

t.test('a site that is no web address is named', async (t) => {
  const { zulip } = await setUp(t)
  for (const site of ['zulip.example', 'file:///tmp', 'https:///x']) {
    await t.rejects(openZulip({ site, ...zulip.account }, {}, new AbortController().signal), {
      message: `"${site}" is not the address of a Zulip server; set one that begins with https://`,
    })
  }
})

t.test('a refusal carries the sentence, the status and the code of the server', async (t) => {
  const { zulip, abort } = await setUp(t)
  const client = await openZulip({ site: zulip.url, ...zulip.account, key: 'wrong' }, {}, abort.signal)
  await t.rejects(client.send(MESSAGE), {
    name: 'ZulipError',
    message: 'Invalid API key',
    status: 401,
    code: 'INVALID_API_KEY',
    retryAfterMs: null,
  })
  t.equal(zulip.requests, 1)
})

t.test('an error of the API is one also where the status is 200', async (t) => {
  const { zulip, open } = await setUp(t)
  zulip.interrupt(answer(200, '{"result":"error","msg":"No such thing","code":"BAD_REQUEST"}'))
  const client = await open()
  await t.rejects(client.send(MESSAGE), { message: 'No such thing', status: 200, code: 'BAD_REQUEST' })
})

t.test('an answer without JSON is quoted in part, on one line', async (t) => {
  const { zulip, open } = await setUp(t)
  zulip.interrupt(answer(500, `<html>\n  <h1>Internal error</h1>${'x'.repeat(200)}`))
  const client = await open()
  const quote = `<html> <h1>Internal error</h1>${'x'.repeat(200)}`.slice(0, 120)
  await t.rejects(client.send(MESSAGE), {
    message: `the Zulip server answered HTTP 500 without JSON: ${quote}`,
    status: 500,
    code: null,
  })
})

t.test('secrets are taken out of such an answer before it is cut', async (t) => {
  const { zulip, open } = await setUp(t)
  const secret = 'a-secret-of-this-test'
  zulip.interrupt(answer(500, `<html>${'x'.repeat(100)}${secret}`))
  const client = await open({ redact: (text: string) => text.replaceAll(secret, '***') })
  await t.rejects(client.send(MESSAGE), { message: /x\*\*\*$/ })
})

t.test('an answer that is JSON but no object is an error', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  for (const [status, body] of [
    [200, 'null'],
    [200, '[]'],
    [502, '"gone"'],
  ] as const) {
    zulip.interrupt(answer(status, body))
    await t.rejects(client.send(MESSAGE), { message: `the Zulip server answered HTTP ${status}`, status })
  }
})

t.test('a success without a message id is an error', async (t) => {
  const { zulip, open } = await setUp(t)
  zulip.interrupt(answer(200, '{"result":"success","msg":""}'))
  const client = await open()
  await t.rejects(client.send(MESSAGE), {
    message: 'the Zulip server did not say which message it made',
  })
})

t.test('an id that is none to count on is none; the message is sent all the same', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  for (const [id, read] of [
    ['7', 7],
    ['"7"', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', null],
    ['"9007199254740992"', null],
    ['1e300', null],
    ['7.5', null],
    ['-7', null],
    ['"x7"', null],
    ['""', null],
    ['null', null],
    ['true', null],
    ['[7]', null],
    ['{}', null],
  ] as const) {
    zulip.interrupt(answer(200, `{"result":"success","id":${id}}`))
    t.equal(await client.send(MESSAGE), read, id)
  }
})

t.test('people who cannot be any are left out', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  const ada = { user_id: '8', full_name: 'Ada', is_active: true, email: 'ada@zulip.example' }
  const members = [
    ada,
    { ...ada, user_id: 1.5 },
    { ...ada, full_name: 7 },
    null,
    'Ada',
    [],
    { ...ada, is_active: 1 },
  ]
  zulip.interrupt(answer(200, JSON.stringify({ result: 'success', members })))
  t.strictSame(await client.users(), [
    { user_id: 8, full_name: 'Ada', is_active: true },
    { user_id: 8, full_name: 'Ada', is_active: false },
  ])
})

t.test('long words of a server are cut, and made one line', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  zulip.interrupt(answer(400, JSON.stringify({ result: 'error', msg: `no\n\tway ${'x'.repeat(1_000_000)}` })))
  await t.rejects(client.send(MESSAGE), { message: `no way ${'x'.repeat(493)}` })
  zulip.interrupt(answer(302, '', { location: `https://${'x'.repeat(5000)}` }))
  await t.rejects(client.send(MESSAGE), { message: /^the Zulip server redirects to \S{500}; set ZULIP_SITE/ })
  zulip.interrupt(answer(200, JSON.stringify({ result: 'success', full_name: `Bot\n${'x'.repeat(5000)}` })))
  t.equal((await client.me()).full_name, `Bot ${'x'.repeat(496)}`)
})

t.test('an answer without an end is given up on, by its length or in time', async (t) => {
  const { zulip, open } = await setUp(t)
  let closed = 0
  const pour = (response: ServerResponse, chunk: Buffer, everyMs: number) => {
    const timer = setInterval(() => response.write(chunk), everyMs)
    response.once('close', () => {
      clearInterval(timer)
      closed++
    })
  }
  zulip.interrupt((_request, response) => pour(response, Buffer.alloc(4_194_304, 'x'), 1))
  await t.rejects((await open({ timeoutMs: 60_000 })).send(MESSAGE), {
    message: `cannot reach ${zulip.url}: its answer is longer than 67108864 bytes`,
  })
  zulip.interrupt((_request, response) => pour(response, Buffer.from(' '), 5))
  await t.rejects((await open({ timeoutMs: 200 })).send(MESSAGE), {
    message: `no answer from ${zulip.url} within 0.2 s`,
  })
  await until('both connections are closed', () => closed === 2)
})

t.test('a server is reached through a proxy, with an authority of its own', async (t) => {
  const secure = https.createServer(TLS, (request, response) => {
    request.resume()
    response.end(JSON.stringify({ result: 'success', id: 42 }))
  })
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  const address = secure.address()
  const port = typeof address === 'object' ? address?.port : 0
  const proxy = await startLoopbackProxy(`https://127.0.0.1:${port}`)
  t.teardown(async () => {
    await proxy.close()
    secure.close()
  })
  const account = { site: 'https://chat.example', email: 'bot@zulip.example', key: 'key' }
  const send = async (more: object) => {
    const env = { HTTPS_PROXY: proxy.url }
    return (await openZulip({ ...account, ...more }, env, new AbortController().signal)).send(MESSAGE)
  }
  t.equal(await send({ ca: TLS.cert }), 42)
  await t.rejects(send({}), {
    message:
      'cannot reach https://chat.example: self-signed certificate; name its authority with NODE_EXTRA_CA_CERTS (PEM)',
  })
  t.match(proxy.asked, [{ method: 'CONNECT', target: 'chat.example:443' }, { method: 'CONNECT' }])
})

t.test('a message gets a new text, however long it is', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  const id = Number(await client.send(MESSAGE))
  await client.update(id, 'Hello, and done & 100 % + ?more#')
  await client.update(id, '🌍'.repeat(10_000))
  t.strictSame(zulip.edits, [
    { id, content: 'Hello, and done & 100 % + ?more#' },
    { id, content: '🌍'.repeat(10_000) },
  ])
})

t.test('an edit that the server refuses carries the code for that', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  const id = Number(await client.send(MESSAGE))
  const refused = (message: string) => ({ name: 'ZulipError', status: 400, code: 'BAD_REQUEST', message })
  await t.rejects(client.update(99, 'Done'), refused('Invalid message(s)'))
  await t.rejects(
    client.update(FOREIGN_ID, 'Done'),
    refused("You don't have permission to edit this message"),
  )
  zulip.passEditLimit()
  await t.rejects(client.update(id, 'Done'), refused('The time limit for editing this message has passed'))
  t.strictSame(zulip.edits, [])
})

t.test('an edit waits for a rate limit once, and gives up on a server that never answers', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  const id = Number(await client.send(MESSAGE))
  zulip.interruptEdit(limited(0.01))
  await client.update(id, 'Done')
  t.strictSame(zulip.edits, [{ id, content: 'Done' }])
  const hasty = await open({ timeoutMs: 50 })
  zulip.interruptEdit(() => {})
  await t.rejects(hasty.update(id, 'Done'), { message: `no answer from ${zulip.url} within 0.05 s` })
})

t.test('users are listed, and no list counts as nobody', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  t.match(await client.users(), [{ user_id: 8 }, { user_id: 9 }, { user_id: 10 }, { user_id: 11 }])
  zulip.interrupt(answer(200, '{"result":"success","msg":"","members":null}'))
  t.strictSame(await client.users(), [])
})

t.test('a redirect is refused, and its target gets no request', async (t) => {
  const { zulip, open } = await setUp(t)
  const { zulip: elsewhere } = await setUp(t)
  const client = await open()
  zulip.interrupt(answer(307, '', { location: `${elsewhere.url}/api/v1/messages` }))
  await t.rejects(client.send(MESSAGE), {
    message: `the Zulip server redirects to ${elsewhere.url}/api/v1/messages; set ZULIP_SITE to its real address`,
    status: 307,
  })
  zulip.interrupt(answer(300, ''))
  await t.rejects(client.send(MESSAGE), { message: /redirects to nowhere/, status: 300 })
  t.equal(elsewhere.requests, 0)
})

t.test('a server that refuses the connection is named, and why', async (t) => {
  const { zulip, open } = await setUp(t)
  await zulip.close()
  const client = await open()
  const { host } = new URL(zulip.url)
  await t.rejects(client.send(MESSAGE), {
    message: `cannot reach ${zulip.url}: connect ECONNREFUSED ${host}`,
  })
})

t.test('a server that does not speak TLS where it should is told so', async (t) => {
  const { zulip, abort } = await setUp(t)
  const site = zulip.url.replace('http:', 'https:')
  const client = await openZulip({ site, ...zulip.account }, {}, abort.signal)
  await t.rejects(client.send(MESSAGE), { message: /^cannot reach https:.*wrong version number/s })
  t.equal(zulip.requests, 0)
})

t.test('a name with several addresses that all refuse says so too', async (t) => {
  const { zulip, abort } = await setUp(t)
  await zulip.close()
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  t.intercept(dns, 'lookup', {
    value: (_host: string, _options: object, done: (error: null, found: typeof addresses) => void) =>
      done(null, addresses),
  })
  const site = `http://zulip.test:${new URL(zulip.url).port}`
  const client = await openZulip({ site, ...zulip.account }, {}, abort.signal)
  await t.rejects(client.send(MESSAGE), { message: `cannot reach ${site}: ECONNREFUSED` })
})

t.test('a server that never answers is given up on', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open({ timeoutMs: 50 })
  zulip.interrupt(() => {})
  const error = { message: `no answer from ${zulip.url} within 0.05 s` }
  await t.rejects(client.send(MESSAGE), error)
  t.equal(zulip.requests, 1)
})

t.test('the limits hold whatever the garbage collector takes', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const timer = setInterval(collect, 20)
  t.teardown(() => clearInterval(timer))
  const { zulip, abort } = await setUp(t)
  const open = (timeoutMs: number) => {
    const signal = AbortSignal.any([abort.signal, new AbortController().signal])
    return openZulip({ site: zulip.url, ...zulip.account }, {}, signal, { timeoutMs })
  }
  const error = { message: `no answer from ${zulip.url} within 0.2 s` }
  zulip.interrupt(() => {})
  zulip.interruptEdit(() => {})
  await Promise.all([
    t.rejects((await open(200)).send(MESSAGE), error),
    t.rejects((await open(200)).update(42, 'Done'), error),
  ])
  zulip.interruptEdit(() => setTimeout(() => abort.abort(), 100))
  await t.rejects((await open(8000)).update(42, 'Done'), { name: 'AbortError' })
})

t.test('a server that stops in the middle of its answer is given up on', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open({ timeoutMs: 100 })
  zulip.interrupt((_request, response) => response.writeHead(200).write('{"result":'))
  await t.rejects(client.send(MESSAGE), { message: `no answer from ${zulip.url} within 0.1 s` })
})

t.test('the signal ends a request', async (t) => {
  const { zulip, abort, open } = await setUp(t)
  const client = await open()
  zulip.interrupt(() => abort.abort())
  await t.rejects(client.send(MESSAGE), { name: 'AbortError' })
})

t.test('a rate limit is waited for once, to the fraction of a second', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  let limitedAt = 0
  zulip.interrupt((request, response) => {
    limitedAt = performance.now()
    limited(0.1234)(request, response)
  })
  t.equal(await client.send(MESSAGE), 42)
  // A timer may fire a fraction of a millisecond early.
  t.ok(performance.now() - limitedAt > 122, 'the wait was kept')
  t.equal(zulip.requests, 2)
})

t.test('the wait is taken from the header where the body does not tell it', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  zulip.interrupt(answer(429, '{"result":"error","msg":"Slow down"}', { 'retry-after': '0.01' }))
  t.equal(await client.send(MESSAGE), 42)
})

t.test('a second rate limit is an error', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  zulip.interrupt(limited(0.01))
  zulip.interrupt(limited(0.01))
  await t.rejects(client.send(MESSAGE), {
    message: 'Slow down',
    status: 429,
    code: 'RATE_LIMIT_HIT',
    retryAfterMs: 10,
  })
  t.equal(zulip.requests, 2)
})

t.test('a rate limit longer than the time left is an error at once', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  zulip.interrupt(limited(28.7))
  const before = performance.now()
  await t.rejects(client.send(MESSAGE), { message: 'Slow down', retryAfterMs: 28_700 })
  t.ok(performance.now() - before < 5000, 'nothing was waited for')
  t.equal(zulip.requests, 1)
})

t.test('a rate limit that tells no wait is an error at once', async (t) => {
  const { zulip, open } = await setUp(t)
  const client = await open()
  for (const headers of [{}, { 'retry-after': 'Fri, 31 Dec 2027 23:59:59 GMT' }]) {
    zulip.interrupt(answer(429, '{"result":"error","msg":"Slow down"}', headers))
    await t.rejects(client.send(MESSAGE), { message: 'Slow down', retryAfterMs: null })
  }
  t.equal(zulip.requests, 2)
})

t.test('the signal ends the wait for a rate limit', async (t) => {
  const { zulip, abort, open } = await setUp(t)
  const client = await open()
  zulip.interrupt((request, response) => {
    response.on('close', () => abort.abort())
    limited(8, { connection: 'close' })(request, response)
  })
  await t.rejects(client.send(MESSAGE), { name: 'AbortError' })
  t.equal(zulip.requests, 1)
})

t.test('clients used at the same time keep to their own signals', async (t) => {
  const { zulip, abort, open } = await setUp(t)
  const client = await open()
  const other = await openZulip({ site: zulip.url, ...zulip.account }, {}, new AbortController().signal)
  const arrived = new Promise<void>((resolve) => zulip.interrupt(() => resolve()))
  const held = t.rejects(client.send(MESSAGE), { name: 'AbortError' })
  await arrived
  const sent = other.send(MESSAGE)
  abort.abort()
  t.equal(await sent, 42)
  await held
})

t.test('zulip-js on its own is held to the same rules', async (t) => {
  const { zulip } = await setUp(t)
  const { email, key } = zulip.account
  const client = await zulipJs({ realm: zulip.url, username: email, apiKey: key })
  zulip.interrupt(answer(301, '', { location: 'http://zulip.test/' }))
  await t.rejects(client.users.retrieve(), ZulipError)
})
