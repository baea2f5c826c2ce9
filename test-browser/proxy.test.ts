import http from 'node:http'
import t, { type Test } from 'tap'
import { open, openBrowser, skip, startRun, startService } from './browser.ts'

const TOKEN = 'the-right-token-of-this-test'
const PREFIX = '/looper'

/**
 * A proxy before a service: below a path that it strips, behind a password of its own, naming the service by its address
 * as proxies do unless they are told otherwise. Whatever is asked for elsewhere on the host is in `strays`.
 */
async function startProxy(test: Test, target: string) {
  const strays: string[] = []
  const server = http.createServer((request, response) => {
    const { url = '', method, headers } = request
    if (!url.startsWith(`${PREFIX}/`)) {
      strays.push(url)
      response.writeHead(404).end()
      return
    }
    if (headers.authorization !== `Basic ${Buffer.from('user:pass').toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="proxy"' }).end()
      return
    }
    const ahead = { method, headers: { ...headers, host: new URL(target).host }, agent: false }
    const forward = http.request(`${target}${url.slice(PREFIX.length)}`, ahead, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    forward.on('error', () => response.destroy())
    response.on('close', () => forward.destroy())
    request.pipe(forward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  // A name that is no address of loopback for the service, and one for the browser.
  return { url: `http://looper.localhost:${port}${PREFIX}/`, strays }
}

t.test('below a path, behind a password, under another name: all of it works', { skip }, async (t) => {
  const { service } = await startService(t, {
    LOOPER_HOST: '127.0.0.1',
    LOOPER_API_TOKEN: TOKEN,
    LOOPER_ALLOWED_HOSTS: 'looper.localhost',
  })
  const { url, strays } = await startProxy(t, service.url)
  const httpCredentials = { username: 'user', password: 'pass' }
  const { page, faults } = await open(await openBrowser(t), url, { httpCredentials })
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await startRun(page, 'Through a proxy', 'echo it runs; sleep 300')
  await page.getByText('it runs', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('button', { name: 'Stop it' }).click()
  await page.getByText(/^Stopped after/).waitFor()
  await page.reload()
  await page.getByText('it runs', { exact: true }).waitFor()

  await page.goto(`${url}docs`)
  await page.getByRole('link', { name: 'OpenAPI document' }).click()
  await page.getByText('"openapi"').waitFor()
  t.same(
    strays.filter((stray) => stray !== '/favicon.ico'),
    [],
  )
  t.same(faults, [])
})
