import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import t from 'tap'
import { createFailures } from '../../../src/http/failures.ts'
import { createTokenCheck } from '../../../src/http/tokens.ts'
import { inCodings } from '../../../src/views/dashboard/coding.ts'
import { trimmed } from '../../../src/views/dashboard/trim.ts'
import { buildTestApp } from '../../helpers/app.ts'
import { PROJECT } from '../../helpers/service.ts'

const PAGE = path.join(PROJECT, 'src/views/dashboard/page')

t.test('the page and all its files are served without a token, under a strict policy', async (t) => {
  const { app } = await buildTestApp(t, {
    tokens: createTokenCheck(
      'secret',
      null,
      () => 0,
      () => undefined,
    ),
    failures: createFailures({ monotonic: () => 0 }),
  })
  const files = readdirSync(PAGE).filter((name) => !/\.(html|css)$/.test(name))
  t.ok(files.length > 5)
  for (const url of [
    '/',
    '/dashboard/page.css',
    '/dashboard/more.css',
    '/dashboard/loops.css',
    ...files.map((name) => `/dashboard/${name}`),
  ]) {
    const { statusCode, headers } = await app.inject(url)
    t.equal(statusCode, 200, url)
    t.match(
      headers['content-type'],
      /^((text\/(html|css|javascript)|image\/svg\+xml|application\/manifest\+json); charset=utf-8|image\/png)$/,
      url,
    )
    const policy = String(headers['content-security-policy'])
    t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/)
    t.notMatch(policy, /unsafe|http|\*/)
    t.equal(headers['x-content-type-options'], 'nosniff')
  }
  t.equal((await app.inject('/runs')).statusCode, 401)
})

t.test('it can be installed, also where a proxy has put it below a path', async (t) => {
  const { app } = await buildTestApp(t)
  const page = (await app.inject('/')).body
  const [, link] = /<link rel="manifest" href="([^"]+)"/.exec(page) ?? []
  const manifest = new URL(String(link), 'https://host.example/below/')
  const { start_url, scope, icons } = (await app.inject(`/${link}`)).json()
  for (const url of [start_url, scope]) t.equal(new URL(url, manifest).pathname, '/below/')
  t.same(
    icons.map(({ sizes, purpose }: Record<string, string>) => [sizes, purpose]),
    [
      ['192x192', undefined],
      ['512x512', undefined],
      ['512x512', 'maskable'],
    ],
  )
  for (const { src, sizes } of icons) {
    const png = (await app.inject(new URL(src, manifest).pathname.replace('/below', ''))).rawPayload
    // Source: w3.org/TR/png, "IHDR": width and height, four bytes each, from byte 16 on.
    t.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src)
  }
})

t.test("only the page's own files are served, and other answers keep their policy", async (t) => {
  const { app } = await buildTestApp(t)
  for (const url of [
    '/dashboard/',
    '/dashboard/nothing.js',
    '/dashboard/..%2froutes.ts',
    '/dashboard/%2e%2e/routes.ts',
  ])
    t.equal((await app.inject(url)).statusCode, 404, url)
  const { headers } = await app.inject('/health')
  t.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
})

t.test('the page holds no script, no style and no address of another host', async (t) => {
  const { app } = await buildTestApp(t)
  const page = (await app.inject('/')).body
  t.notMatch(page, /<script(?! type="module" src="dashboard\/)/)
  t.notMatch(page, /(href|src)="\//, 'nor one from the root: a proxy may have put it below a path')
  t.notMatch(page, /<style|\sstyle=|\son\w+=|https?:/)
})

t.test(
  'one style sheet holds them all, those for small screens last; what is rarely shown has its own',
  async (t) => {
    const { app } = await buildTestApp(t)
    const [all, more, loops] = await Promise.all(
      ['page', 'more', 'loops'].map(async (name) => (await app.inject(`/dashboard/${name}.css`)).body),
    )
    const sent = (name: string) => trimmed(readFileSync(path.join(PAGE, name), 'utf8'), '.css')
    for (const name of readdirSync(PAGE).filter((file) => file.endsWith('.css'))) {
      t.equal([all, more, loops].filter((sheet) => sheet?.includes(sent(name))).length, 1, name)
      t.equal((await app.inject(`/dashboard/${name}`)).statusCode, 404, `${name} alone`)
    }
    t.ok(all?.endsWith(sent('small.css') + sent('turned.css')))
  },
)

t.test('a browser gets the page of loops where programs get the data', async (t) => {
  const { app } = await buildTestApp(t)
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  for (const [url, files] of [
    ['/loops', 'dashboard/'],
    ['/loops/tidy', '../dashboard/'],
  ] as const) {
    const { statusCode, headers, body } = await app.inject({ url, headers: { accept } })
    t.equal(statusCode, 200, url)
    t.equal(headers['content-type'], 'text/html; charset=utf-8')
    t.equal(headers.vary, 'Accept, Accept-Encoding')
    t.match(String(headers['content-security-policy']), /require-trusted-types-for 'script'/)
    const named = [...body.matchAll(/(?:href|src)="([^"#]*dashboard\/[^"]+)"/g)].map(([, name]) =>
      String(name),
    )
    t.ok(named.length > 2)
    for (const name of named) {
      t.ok(name.startsWith(files), name)
      t.equal((await app.inject(`/dashboard/${name.slice(files.length)}`)).statusCode, 200, name)
    }
    t.notMatch(body, /<style|\sstyle=|\son\w+=|https?:|<script(?! type="module" src="(\.\.\/)?dashboard\/)/)
    // There are no data in this app.
    for (const other of [{ accept: 'application/json' }, { accept: '*/*' }, {}])
      t.match(String((await app.inject({ url, headers: other })).headers['content-type']), 'application/json')
  }
})

t.test('a reload fetches nothing that is the same still', async (t) => {
  const { app } = await buildTestApp(t)
  for (const url of ['/', '/dashboard/main.js', '/dashboard/page.css', '/dashboard/icon-192.png']) {
    const tags = new Set<string>()
    for (const coding of ['br', 'gzip', 'identity']) {
      const headers = { 'accept-encoding': coding }
      const first = await app.inject({ url, headers })
      const tag = String(first.headers.etag)
      t.match(tag, /^"[\w-]+"$/)
      t.equal(first.headers['cache-control'], 'no-cache')
      tags.add(tag)
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await app.inject({ url, headers: { ...headers, 'if-none-match': known } })
        t.equal(again.statusCode, 304, `${url} for ${known}`)
        t.equal(again.body, '')
        for (const name of ['etag', 'vary', 'cache-control', 'content-security-policy'])
          t.equal(again.headers[name], first.headers[name], name)
      }
      const other = await app.inject({ url, headers: { ...headers, 'if-none-match': '"other"' } })
      t.equal(other.statusCode, 200)
      t.same(other.rawPayload, first.rawPayload)
    }
    t.equal(tags.size, url.endsWith('.png') ? 1 : 3, 'each coding has a tag of its own')
  }
  t.equal(
    (await app.inject('/health')).headers['cache-control'],
    'no-store',
    'answers with data are not kept',
  )
})

t.test('its files are sent compressed, as whoever asks can read them', async (t) => {
  const { app } = await buildTestApp(t)
  const asIs = { identity: (bytes: Buffer) => bytes, br: brotliDecompressSync, gzip: gunzipSync }
  for (const [accepted, coding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['BR ; Q=1.0', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0.1', 'br'],
    ['gzip;q=0, br;q=0.0', 'identity'],
    ['gzip;q=0.5, identity', 'identity'],
    ['identity;q=0', 'identity'],
    ['*;q=0', 'identity'],
    ['', 'identity'],
    ['br;q=much, ;;,q', 'identity'],
    [undefined, 'identity'],
  ] as const) {
    for (const url of ['/', '/dashboard/main.js', '/dashboard/page.css']) {
      const headers = accepted === undefined ? {} : { 'accept-encoding': accepted }
      const answer = await app.inject({ url, headers })
      t.equal(answer.headers['content-encoding'] ?? 'identity', coding, `${url} for ${accepted}`)
      t.equal(answer.headers.vary, 'Accept-Encoding')
      t.equal(Number(answer.headers['content-length']), answer.rawPayload.length)
      t.same(asIs[coding](answer.rawPayload), (await app.inject(url)).rawPayload)
      const head = await app.inject({ url, headers, method: 'HEAD' })
      t.equal(head.body, '')
      for (const name of ['content-encoding', 'content-length', 'content-type', 'vary'])
        t.equal(head.headers[name], answer.headers[name], `${name} for HEAD`)
    }
  }
  const icon = await app.inject({ url: '/dashboard/icon-192.png', headers: { 'accept-encoding': 'br' } })
  t.notOk(icon.headers['content-encoding'], 'a picture is compressed already')
})

t.test('what is asked for twice is compressed once', async (t) => {
  const { app } = await buildTestApp(t)
  const ask = () => app.inject({ url: '/dashboard/format.js', headers: { 'accept-encoding': 'br' } })
  const codings = inCodings(Buffer.from('text'))
  t.equal(await codings('br'), await codings('br'))
  t.equal(await codings('gzip'), await codings('gzip'))
  const answers = await Promise.all(Array.from({ length: 20 }, ask))
  t.equal(new Set(answers.map(({ rawPayload }) => rawPayload.toString('base64'))).size, 1)
})

t.test('no two parts of what is shown together have the same name', async (t) => {
  const { app } = await buildTestApp(t)
  const headers = { accept: 'text/html' }
  for (const [url, template] of [
    ['/', 'signed-in'],
    ['/loops', 'loops'],
  ] as const) {
    const page = (await app.inject({ url, headers })).body
    const [, shown = ''] = new RegExp(`<template id="${template}">(.*?)</template>`, 's').exec(page) ?? []
    const names = [...shown.matchAll(/data-part="([^"]+)"/g)].map(([, name]) => name)
    t.ok(names.length > 30)
    t.same(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    )
  }
})

t.test('each page has the templates and the icons that all have', async (t) => {
  const { app } = await buildTestApp(t)
  for (const url of ['/', '/loops']) {
    const page = (await app.inject({ url, headers: { accept: 'text/html' } })).body
    for (const id of ['signed-out', 'unreachable', 'i-loop', 'i-lost'])
      t.equal(page.split(`id="${id}"`).length, 2, `${url} has ${id}`)
    t.notMatch(page, '<!-- ')
  }
})
