import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createFailures } from '../../src/http/failures.ts'
import { createTokenCheck } from '../../src/http/tokens.ts'
import { buildTestApp } from '../helpers/app.ts'
import { PROJECT } from '../helpers/service.ts'

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
  const files = readdirSync(path.join(PROJECT, 'src/dashboard/page')).filter((name) => name !== 'index.html')
  t.ok(files.length > 5)
  for (const url of ['/', ...files.map((name) => `/dashboard/${name}`)]) {
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

t.test('each part of the page has a name of its own, wherever it is shown', async (t) => {
  const html = readFileSync(path.join(PROJECT, 'src/dashboard/page/index.html'), 'utf8')
  const templates = html.split('<template').slice(1)
  t.ok(templates.length > 2)
  for (const template of templates) {
    const names = [...template.matchAll(/(?:data-part|id)="([^"]+)"/g)].map(([attribute]) => attribute)
    t.same(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    )
  }
})
