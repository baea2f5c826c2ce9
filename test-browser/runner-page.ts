import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Test } from 'tap'

const DIR = path.join(import.meta.dirname, 'runner-page')
const TYPES = { 'index.html': 'text/html; charset=utf-8', 'page.js': 'text/javascript' } as const

/**
 * Serves, on a port of its own, a page that does what the page of Loop Runner does with its API: written for this test from what it is
 * known to ask. What is below `/api/` it passes on to Looper, under Looper's name, as proxies do. The test ends it.
 */
export async function serveRunnerPage(
  test: Test,
): Promise<{ origin: string; passOnTo(looper: string): void }> {
  let looper = ''
  const passOn = (asked: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url } = asked
    const { host } = new URL(looper)
    const onward = request(looper + url, { method, headers: { ...headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    response.on('close', () => onward.destroy())
    asked.pipe(onward)
  }
  const server = createServer((asked, response) => {
    const { pathname } = new URL(asked.url ?? '/', 'http://page')
    if (pathname.startsWith('/api/')) return passOn(asked, response)
    const name = pathname === '/page.js' ? 'page.js' : 'index.html'
    response.writeHead(200, { 'content-type': TYPES[name] }).end(readFileSync(path.join(DIR, name)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    passOnTo(url) {
      looper = url
    },
  }
}
