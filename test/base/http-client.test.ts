import dns from 'node:dns'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http, { type IncomingMessage, type RequestListener } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { sendRequest } from '../../src/base/http-client.ts'
import { CERTIFICATE, startLoopbackProxy, TLS } from '../fixtures/loopback-proxy.ts'
import { until } from '../helpers/service.ts'

const ANSWER = 'told'

/** A server on loopback, a proxy that leads to it, and a request of it. */
async function setUp(test: Test, { isTls = false, isProxyTls = false, listener = answer } = {}) {
  const received: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = []
  const noted: RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ url: request.url, headers: request.headers, body })
    listener(request, response)
  }
  const server = isTls ? https.createServer(TLS, noted) : http.createServer(noted)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`
  const proxy = await startLoopbackProxy(url, { isTls: isProxyTls })
  test.teardown(() => proxy.close())
  const login = proxy.url.replace('://', '://ada:sesame@')
  const env = { HTTP_PROXY: login, HTTPS_PROXY: login, NODE_EXTRA_CA_CERTS: CERTIFICATE }
  const abort = new AbortController()
  const send = async (address: string, more: NodeJS.ProcessEnv = {}, { ca = '', quietMs = 0 } = {}) => {
    const response = await sendRequest(address, {
      method: 'POST',
      headers: { authorization: 'Basic secret' },
      body: 'asked',
      signal: abort.signal,
      quietMs,
      env: { ...env, ...more },
      ...(ca === '' ? {} : { ca }),
    })
    let text = ''
    for await (const chunk of response) text += chunk
    return `${response.statusCode} ${text}`
  }
  return { url, received, proxy, abort, send }
}

const answer: RequestListener = (_request, response) => response.end(ANSWER)

t.test('plain HTTP is asked of the proxy, with the whole address', async (t) => {
  for (const isProxyTls of [false, true]) {
    const { send, proxy, received } = await setUp(t, { isProxyTls })
    t.equal(await send('http://chat.example:8080/api?a=b#c'), '200 told')
    t.match(proxy.asked, [
      {
        method: 'POST',
        target: 'http://chat.example:8080/api?a=b',
        headers: { host: 'chat.example:8080', 'proxy-authorization': 'Basic YWRhOnNlc2FtZQ==' },
      },
    ])
    t.match(received, [{ url: '/api?a=b', headers: { authorization: 'Basic secret' }, body: 'asked' }])
  }
})

t.test('HTTPS goes through a tunnel, in which the proxy sees nothing', async (t) => {
  for (const isProxyTls of [false, true]) {
    const { send, proxy, received } = await setUp(t, { isTls: true, isProxyTls })
    t.equal(await send('https://chat.example/api'), '200 told')
    t.equal(await send('https://203.0.113.7:8443/api'), '200 told', 'to an address, too')
    t.match(proxy.asked, [
      { method: 'CONNECT', target: 'chat.example:443', headers: { host: 'chat.example:443' } },
      { method: 'CONNECT', target: '203.0.113.7:8443' },
    ])
    t.strictSame(
      proxy.asked.map(({ headers }) => [headers.authorization, headers['proxy-authorization']]),
      [
        [undefined, 'Basic YWRhOnNlc2FtZQ=='],
        [undefined, 'Basic YWRhOnNlc2FtZQ=='],
      ],
    )
    t.match(received, [{ url: '/api', headers: { authorization: 'Basic secret', host: 'chat.example' } }, {}])
    t.equal(received[0]?.headers['proxy-authorization'], undefined)
  }
})

t.test('a certificate for another name is refused through a tunnel, too', async (t) => {
  const { send, received } = await setUp(t, { isTls: true })
  await t.rejects(send('https://another.example'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  t.strictSame(received, [])
})

t.test('this machine, and what NO_PROXY names, is asked without the proxy', async (t) => {
  const { send, proxy, url } = await setUp(t)
  t.equal(await send(`${url}/api`), '200 told')
  await t.rejects(send('http://nowhere.invalid', { NO_PROXY: 'invalid' }), { code: /ENOTFOUND|EAI_AGAIN/ })
  t.strictSame(proxy.asked, [])
})

t.test('a proxy that refuses is named, without its password', async (t) => {
  for (const [status, why] of [
    [403, 'refused: HTTP 403'],
    [407, 'wants another user name or password: HTTP 407'],
  ] as const) {
    const { send, proxy } = await setUp(t)
    proxy.refuse(status)
    await t.rejects(send('https://chat.example'), {
      message: `the proxy ${proxy.url} (HTTPS_PROXY) ${why}`,
    })
    const plain = send('http://chat.example')
    // Whether another status is the proxy's or the server's, nobody can tell.
    if (status === 403) t.match(await plain, /^403/)
    else await t.rejects(plain, { message: `the proxy ${proxy.url} (HTTP_PROXY) ${why}` })
    await until('no connection stays', () => proxy.open === 0)
  }
})

t.test('a proxy that cannot be reached is named, without its password', async (t) => {
  const { send, proxy } = await setUp(t)
  await proxy.close()
  for (const kind of ['http', 'https']) {
    await t.rejects(send(`${kind}://chat.example`), {
      message: `by way of the proxy ${proxy.url} (${kind.toUpperCase()}_PROXY): connect ECONNREFUSED ${proxy.url.slice(7)}`,
    })
  }
})

t.test('a proxy with several addresses that all refuse says so too', async (t) => {
  const { send, proxy } = await setUp(t)
  await proxy.close()
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  t.intercept(dns, 'lookup', {
    value: (_host: string, _options: object, done: (error: null, found: typeof addresses) => void) =>
      done(null, addresses),
  })
  const HTTP_PROXY = `http://proxy.example:${new URL(proxy.url).port}`
  await t.rejects(send('http://chat.example', { HTTP_PROXY }), {
    message: `by way of the proxy ${HTTP_PROXY} (HTTP_PROXY): ECONNREFUSED`,
  })
})

t.test('a proxy that does not answer is given up on, when told to or in time', async (t) => {
  const { send, proxy, abort } = await setUp(t)
  proxy.fallSilent()
  await t.rejects(send('https://chat.example', {}, { quietMs: 20 }), {
    message: `by way of the proxy ${proxy.url} (HTTPS_PROXY): no answer within 0.02 s`,
  })
  const waits = send('https://chat.example')
  await until('it is asked', () => proxy.asked.length === 2)
  abort.abort()
  await t.rejects(waits, { name: 'AbortError' })
  await until('no connection stays', () => proxy.open === 0)
})

t.test('the signal ends a request in a tunnel, and the tunnel', async (t) => {
  const { send, proxy, abort, received } = await setUp(t, { isTls: true, listener: () => undefined })
  const waits = send('https://chat.example')
  await until('it is asked', () => received.length === 1)
  abort.abort()
  await t.rejects(waits, { name: 'AbortError' })
  await until('no connection stays', () => proxy.open === 0)
})

t.test('a server that changes the protocol instead of answering is an error, not a wait', async (t) => {
  const { send, url } = await setUp(t, {
    listener: (_request, response) =>
      response.socket?.end('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  })
  await t.rejects(send(url), { message: 'the connection was closed without an answer' })
})

t.test('an authority of one’s own is named by NODE_EXTRA_CA_CERTS, beside all others', async (t) => {
  const { send, url } = await setUp(t, { isTls: true })
  const dir = t.testdir({ 'other.pem': tls.rootCertificates[0] ?? '' })
  t.equal(await send(url), '200 told')
  const untrusted = (advice: string) => ({ message: `self-signed certificate; ${advice}` })
  await t.rejects(
    send(url, { NODE_EXTRA_CA_CERTS: '' }),
    untrusted('name its authority with NODE_EXTRA_CA_CERTS (PEM)'),
  )
  await t.rejects(
    send(url, { NODE_EXTRA_CA_CERTS: `${dir}/other.pem` }),
    untrusted(`its authority is not in ${dir}/other.pem (NODE_EXTRA_CA_CERTS)`),
  )
  await t.rejects(
    send(url, { NODE_EXTRA_CA_CERTS: `${dir}/none.pem` }),
    untrusted(`${dir}/none.pem (NODE_EXTRA_CA_CERTS) cannot be read: ENOENT`),
  )
  t.intercept(tls, 'getCACertificates', { value: undefined })
  t.equal(await send(url), '200 told', 'on a Node that knows only the authorities it was built with')
})

t.test('authorities that are named alone are the only ones', async (t) => {
  const { send, url } = await setUp(t, { isTls: true })
  const dir = t.testdir()
  const other = path.join(dir, 'other.pem')
  writeFileSync(other, tls.rootCertificates[0] ?? '')
  t.equal(await send(url, { NODE_EXTRA_CA_CERTS: '' }, { ca: readFileSync(CERTIFICATE, 'utf8') }), '200 told')
  await t.rejects(send(url, {}, { ca: readFileSync(other, 'utf8') }), {
    message: 'self-signed certificate; its authority is none of those in cert_bundle',
  })
})

t.test('a proxy whose own certificate is of nobody known says so', async (t) => {
  const { send, proxy } = await setUp(t, { isProxyTls: true })
  await t.rejects(send('http://chat.example', { NODE_EXTRA_CA_CERTS: '' }), {
    message: `by way of the proxy ${proxy.url} (HTTP_PROXY): self-signed certificate; name its authority with NODE_EXTRA_CA_CERTS (PEM)`,
  })
})
