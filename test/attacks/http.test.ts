import t from 'tap'
import { exchange, failureOf, type RawRequest, startTarget } from '../helpers/live-run.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const bodyOf = (workspace: string) =>
  JSON.stringify({ zulip_message: 'an attack', codex_prompt: 'touch attacked', workspace })

t.test('what a web page can send is refused', async (t) => {
  const { send, untouched, workspace, service } = await startTarget(t)
  const body = bodyOf(workspace)
  const foreign = { origin: 'http://evil.example' }
  const attacks: [string, Omit<RawRequest, 'path' | 'method'>, number, string][] = [
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body },
      415,
      'LOOPER_MEDIA_TYPE',
    ],
    [
      'a multipart form',
      { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body },
      415,
      'LOOPER_MEDIA_TYPE',
    ],
    ['text', { headers: { 'content-type': 'text/plain' }, body }, 415, 'LOOPER_MEDIA_TYPE'],
    [
      'text that names JSON',
      { headers: { 'content-type': 'text/plain; application/json' }, body },
      415,
      'LOOPER_MEDIA_TYPE',
    ],
    ['no type', { body }, 415, 'LOOPER_MEDIA_TYPE'],
    ['no body, from a page', { headers: foreign }, 403, 'LOOPER_ORIGIN_FORBIDDEN'],
    ['JSON from a page', { headers: { ...JSON_TYPE, ...foreign }, body }, 403, 'LOOPER_ORIGIN_FORBIDDEN'],
    [
      'JSON from a sandboxed page',
      { headers: { ...JSON_TYPE, origin: 'null' }, body },
      403,
      'LOOPER_ORIGIN_FORBIDDEN',
    ],
    [
      'another port of this host',
      { headers: { ...JSON_TYPE, origin: 'http://127.0.0.1:1' }, body },
      403,
      'LOOPER_ORIGIN_FORBIDDEN',
    ],
    [
      'a name that begins like ours',
      { headers: { ...JSON_TYPE, origin: `${service.url}.evil.example` }, body },
      403,
      'LOOPER_ORIGIN_FORBIDDEN',
    ],
    [
      'cross-site',
      { headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, body },
      403,
      'LOOPER_ORIGIN_FORBIDDEN',
    ],
    [
      'same-site',
      { headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-site' }, body },
      403,
      'LOOPER_ORIGIN_FORBIDDEN',
    ],
  ]
  for (const [what, attack, status, code] of attacks) {
    const answer = await send({ method: 'POST', path: '/run', ...attack })
    t.match(failureOf(answer), { status, code }, what)
    t.equal(answer.headers['access-control-allow-origin'], undefined, `${what} may not be read either`)
    await untouched(t, what)
  }
  const preflight = await send({
    method: 'OPTIONS',
    path: '/run',
    headers: { ...foreign, 'access-control-request-method': 'POST' },
  })
  t.equal(preflight.status, 403, 'a preflight is not granted')
  t.equal((await send({ path: '/runs', headers: foreign })).status, 403, 'nor is the record shown')
  t.equal(
    (await send({ path: '/runs', headers: { origin: service.url } })).status,
    200,
    'our own page may look',
  )
})

t.test('another host name than loopback is not answered (DNS rebinding)', async (t) => {
  const { send, untouched, workspace, service } = await startTarget(t)
  const { port } = new URL(service.url)
  const names = [
    'evil.example',
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.1@evil.example`,
    '[::1].evil.example',
    '127.0.0.1:80:80',
    '0.0.0.0',
    '10.0.0.1',
  ]
  for (const host of names) {
    for (const [method, path] of [
      ['POST', '/run'],
      ['GET', '/runs'],
      ['GET', '/health'],
      ['GET', '/nothing'],
    ] as const) {
      const post = method === 'POST' ? { body: bodyOf(workspace) } : {}
      const answer = await send({ method, path, headers: { ...JSON_TYPE, host }, ...post })
      t.match(failureOf(answer), { status: 421, code: 'LOOPER_HOST_UNKNOWN' }, `${method} ${path} of ${host}`)
    }
    await untouched(t, `host ${host}`)
  }
  const old = await exchange(service.url, 'GET /runs HTTP/1.0\r\nHost: evil.example\r\n\r\n')
  t.match(old, /^HTTP\/1.1 421 /, 'HTTP/1.0')
  const check = await exchange(service.url, 'GET /health HTTP/1.0\r\n\r\n')
  t.match(check, /^HTTP\/1.1 200 /, 'a health check that names no host is from nobody else')
  const empty = await exchange(service.url, 'GET /runs HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n')
  t.match(empty, /^HTTP\/1.1 421 /, 'an empty host')
  const absolute = await exchange(
    service.url,
    `GET http://evil.example/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  )
  t.match(absolute, /^HTTP\/1.1 421 /, 'an address as the target counts, not the header')
  for (const host of ['localhost', `LOCALHOST:${port}`, `[::1]:${port}`])
    t.equal((await send({ path: '/runs', headers: { host } })).status, 200, host)
})

t.test('bodies that are too large, broken or no object are refused', async (t) => {
  const { send, untouched, workspace } = await startTarget(t)
  const good = bodyOf(workspace).slice(1)
  const attacks: [string, string | Buffer, number][] = [
    ['2 MiB', `{"junk":"${'x'.repeat(2 * 1024 * 1024)}",${good}`, 413],
    ['broken', `{${good.slice(0, -1)}`, 400],
    ['trailing', `{${good} x`, 400],
    ['two objects', `{${good}{${good}`, 400],
    ['comment', `{/**/${good}`, 400],
    ['__proto__', `{"__proto__":{"workspace":"/"},${good}`, 400],
    ['escaped __proto__', `{"\\u005f_proto__":{"workspace":"/"},${good}`, 400],
    ['nested __proto__', `{"x":{"__proto__":{}},${good}`, 400],
    ['constructor.prototype', `{"constructor":{"prototype":{}},${good}`, 400],
    ['array', `[{${good}]`, 400],
    ['number', '7', 400],
    ['NaN', 'NaN', 400],
    ['string', '"x"', 400],
    ['null', 'null', 400],
    ['true', 'true', 400],
    ['nothing', '', 400],
    ['deep lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
    ['deep objects', `{"x":${'{"x":'.repeat(70)}1${'}'.repeat(70)},${good}`, 400],
    ['deep and open', '{"x":'.repeat(100_000), 400],
  ]
  for (const [what, body, status] of attacks) {
    const answer = await send({ method: 'POST', path: '/run', headers: JSON_TYPE, body })
    t.equal(answer.status, status, what)
    t.equal(failureOf(answer).code, status === 413 ? 'LOOPER_BODY_TOO_LARGE' : 'LOOPER_BODY_INVALID', what)
    await untouched(t, what)
  }
  const unsized = await send({
    method: 'POST',
    path: '/run',
    headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' },
    body: `{"junk":"${'x'.repeat(2 * 1024 * 1024)}",${good}`,
  }).catch((error: unknown) => String(error))
  if (typeof unsized !== 'string') t.equal(unsized.status, 413, 'chunked, without saying how large')
  await untouched(t, 'a large chunked body')
})

t.test('NUL, lone surrogates and broken UTF-8 are refused in every field', async (t) => {
  const { send, run, untouched, workspace } = await startTarget(t)
  const fields = [
    'zulip_message',
    'codex_prompt',
    'prompt',
    'workspace',
    'codex_exec_binary',
    'zulip_script_path',
  ]
  for (const field of fields) {
    const others = field === 'prompt' ? { codex_prompt: null } : {}
    for (const bad of ['a\0b', '\0', '/\ud800', '\udc00x']) {
      const what = `${field}=${JSON.stringify(bad)}`
      t.match(
        failureOf(await run({ ...others, [field]: bad })),
        { status: 400, code: 'LOOPER_FIELD_INVALID' },
        what,
      )
    }
    const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(bodyOf(workspace)), [field]: 'BAD' }))
    for (const bad of [
      [0xff, 0xfe, 0xfd],
      [0xc0, 0xaf, 0x61],
      [0xed, 0xa0, 0x80],
    ]) {
      Buffer.from(bad).copy(bytes, bytes.indexOf('BAD'))
      const answer = await send({ method: 'POST', path: '/run', headers: JSON_TYPE, body: bytes })
      t.match(failureOf(answer), { status: 400, code: 'LOOPER_BODY_INVALID' }, `${field} with ${bad}`)
      Buffer.from('BAD').copy(bytes, bytes.indexOf(Buffer.from(bad)))
    }
    await untouched(t, field)
  }
})

t.test('run ids are names on the record, never paths', async (t) => {
  const { send, untouched, live } = await startTarget(t)
  const ids = [
    '..',
    '../..',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..%2flooper.db',
    '%00',
    `${live.runId}%00`,
    `${live.runId}%20`,
    live.runId.toUpperCase().replace(/^/, 'X'),
    '%',
    '%zz',
    '%ff',
    '%27%20OR%201=1--',
    'x'.repeat(5000),
    '',
  ]
  for (const id of ids) {
    const answer = await send({ path: `/runs/${id}` })
    t.ok([400, 404].includes(answer.status), `${id.slice(0, 50)}: ${answer.status}`)
    t.match(failureOf(answer).code, /^LOOPER_/, id.slice(0, 50))
    t.notMatch(answer.text, /root:/)
  }
  t.equal((await send({ path: `/runs/${live.runId}` })).status, 200)
  await untouched(t, 'strange run ids')
})

t.test(
  'a request that could be read in two ways, or is none, is refused and its connection closed',
  async (t) => {
    const { service, untouched, workspace } = await startTarget(t)
    const body = bodyOf(workspace)
    const head = `POST /run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const attacks: [string, string, number, string][] = [
      [
        'CL+TE',
        `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
        400,
        'LOOPER_BAD_REQUEST',
      ],
      [
        'TE+CL',
        `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
        400,
        'LOOPER_BAD_REQUEST',
      ],
      [
        'two lengths',
        `${head}Content-Length: 4\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        400,
        'LOOPER_BAD_REQUEST',
      ],
      [
        'TE that is not chunked last',
        `${head}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
        400,
        'LOOPER_BAD_REQUEST',
      ],
      [
        'a space before the colon',
        `${head}Content-Length : ${body.length}\r\n\r\n${body}`,
        400,
        'LOOPER_BAD_REQUEST',
      ],
      ['no HTTP', 'hello\r\n\r\n', 400, 'LOOPER_BAD_REQUEST'],
      ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'LOOPER_BAD_REQUEST'],
      ['a header of 20 KB', `${head}X-Junk: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'LOOPER_HEADERS_TOO_LARGE'],
      [
        '20 KB of headers',
        `${head}${`X-Junk: ${'x'.repeat(90)}\r\n`.repeat(200)}\r\n`,
        431,
        'LOOPER_HEADERS_TOO_LARGE',
      ],
    ]
    t.match(await exchange(service.url, 'GET /runs HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /, 'no host')
    for (const [what, bytes, status, code] of attacks) {
      // That it resolves at all says that the connection was closed.
      const answer = await exchange(service.url, bytes)
      t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), what)
      t.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, `${what} is answered once`)
      t.match(answer, /\r\nConnection: close\r\n/i, what)
      t.match(answer, `"code":"${code}"`, what)
      await untouched(t, what)
    }
  },
)
