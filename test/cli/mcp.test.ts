import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import t, { type Test } from 'tap'
import { runCommand, startCommand } from '../helpers/command.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { callTool, toolNames } from '../helpers/mcp.ts'
import { PROJECT, serviceEnv, until } from '../helpers/service.ts'

interface Asked {
  readonly headers: IncomingMessage['headers']
  readonly body: { readonly id?: number; readonly method?: string; readonly params?: object }
  readonly response: ServerResponse
}

/** A server that answers as the test says. */
async function serverOf(t: Test, answer: (asked: Asked) => void) {
  const all: Asked[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const asked = { headers: request.headers, body: JSON.parse(text), response }
    all.push(asked)
    answer(asked)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, all }
}

/** The command with a stdin that stays open. */
function bridgeTo(url: string, env: NodeJS.ProcessEnv = {}) {
  const stdin = new PassThrough()
  const command = startCommand(['mcp'], { url, env, world: { stdin } })
  const lines = () =>
    command
      .out()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return {
    ...command,
    lines,
    say: (message: unknown) =>
      stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    write: (text: string) => stdin.write(text),
    end: () => stdin.end(),
    heard: (count: number) => until(`${count} answers`, () => lines().length >= count),
  }
}

const request = (id: number, method: string, params: object = {}) => ({ jsonrpc: '2.0', id, method, params })
const result = (id: number | undefined, value: object) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: value })
const json = (response: ServerResponse, text: string, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)

t.test('messages go there and back, as JSON or as events, one a line', async (t) => {
  const { url, all } = await serverOf(t, ({ body: { id, method }, response }) => {
    if (method === 'initialize') return json(response, result(id, { protocolVersion: '2025-06-18' }))
    if (id === undefined) return response.writeHead(202).end()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': wait\n\n')
    response.write(`data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n`)
    response.write('data: no json\n\n')
    return response.end(`data: ${result(id, { text: 'a\u2028b\n' })}\n\n`)
  })
  const bridge = bridgeTo(url, { LOOPER_API_TOKEN: 'secret' })
  bridge.say(request(1, 'initialize'))
  await bridge.heard(1)
  bridge.say({ jsonrpc: '2.0', method: 'notifications/initialized' })
  bridge.say('')
  bridge.say(request(2, 'tools/call', { name: 'get_run' }))
  await bridge.heard(3)
  const modern = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
  bridge.say(request(3, 'tools/call', { name: 'get_run', _meta: modern }))
  bridge.say(request(4, 'tools/call', { name: 'no name\n', _meta: modern }))
  bridge.say({ jsonrpc: '2.0', id: 5, result: {}, params: { _meta: modern } })
  bridge.say(request(6, 'tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': 'a\nb' } }))
  await bridge.heard(11)
  bridge.end()
  t.equal((await bridge.ended).status, 0)
  t.match(bridge.lines().slice(0, 3), [
    { id: 1, result: { protocolVersion: '2025-06-18' } },
    { method: 'notifications/progress' },
    { id: 2, result: { text: 'a\u2028b\n' } },
  ])
  t.equal(bridge.err(), '')
  const headersOf = (wanted: (body: Asked['body']) => boolean) =>
    all.find(({ body }) => wanted(body))?.headers ?? {}
  t.match(
    headersOf(({ id }) => id === 1),
    { authorization: 'Bearer secret', 'mcp-protocol-version': undefined },
  )
  t.match(
    headersOf(({ id }) => id === undefined),
    { 'mcp-protocol-version': '2025-06-18' },
  )
  t.match(
    headersOf(({ id }) => id === 2),
    { 'mcp-protocol-version': '2025-06-18', 'mcp-name': undefined },
  )
  t.match(
    headersOf(({ id }) => id === 3),
    {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'get_run',
    },
  )
  t.equal(headersOf(({ id }) => id === 4)['mcp-name'], undefined)
  t.equal(headersOf(({ id }) => id === 5)['mcp-method'], undefined)
  t.equal(headersOf(({ id }) => id === 6)['mcp-protocol-version'], undefined)
})

t.test('what the service refuses or never answers is told to who asked, and what to do', async (t) => {
  const refused = { ok: false, error: 'unauthorized', code: 'LOOPER_UNAUTHORIZED', remedy: 'x' }
  const { url } = await serverOf(t, ({ body: { id, method }, response }) => {
    if (method === 'refused' || method === 'notifications/x')
      return json(response, JSON.stringify(refused), 401)
    if (method === 'forbidden') return json(response, '{"error":"no","code":"LOOPER_FORBIDDEN"}', 403)
    if (method === 'protocol')
      return json(
        response,
        '{"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"no such version"}}',
        400,
      )
    if (method === 'cut') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n')
      return response.destroy()
    }
    if (method === 'empty') return response.writeHead(200).end()
    if (method === 'strange') return response.writeHead(200).end('<html>')
    return json(response, result(id, {}))
  })
  const bridge = bridgeTo(url)
  const methods = ['refused', 'protocol', 'cut', 'empty', 'strange', 'initialize', 'forbidden']
  for (const [i, method] of methods.entries()) {
    bridge.say(request(i + 1, method))
    await bridge.heard(i + 1)
  }
  t.match(bridge.lines(), [
    { id: 1, error: { code: -32000, message: /^LOOPER_UNAUTHORIZED: unauthorized\. Set LOOPER_API_TOKEN / } },
    { id: 2, error: { code: -32022 } },
    { id: 3, error: { message: /^cannot reach Looper at .* Start it with/ } },
    { id: 4, error: { message: /ended the call without an answer/ } },
    { id: 5, error: { message: /is not Looper/ } },
    { id: 6, result: {} },
    { id: 7, error: { message: 'LOOPER_FORBIDDEN: no' } },
  ])
  bridge.say({ jsonrpc: '2.0', method: 'notifications/x' })
  await until('it is told', () => bridge.err() !== '')
  t.match(bridge.err(), /^looper: LOOPER_UNAUTHORIZED/)
  bridge.end()
  t.equal((await bridge.ended).status, 0)
})

t.test('what was asked through a pipe that has ended is answered', async (t) => {
  const { url } = await serverOf(t, ({ body: { id }, response }) => {
    setTimeout(() => response.end(result(id, { text: 'late' })), 200)
    response.writeHead(200, { 'content-type': 'application/json' })
  })
  const bridge = bridgeTo(url)
  bridge.say(request(1, 'slow'))
  bridge.end()
  t.equal((await bridge.ended).status, 0)
  t.match(bridge.lines(), [{ id: 1, result: { text: 'late' } }])
})

t.test('lines that are no messages are left out, however long', async (t) => {
  const { url, all } = await serverOf(t, ({ body: { id }, response }) => json(response, result(id, {})))
  const bridge = bridgeTo(url)
  for (const line of ['{', '[]', '[{}]', '7', 'null', 'x'.repeat(4_000_000)]) bridge.say(line)
  bridge.write('y'.repeat(2_000_000))
  bridge.write('y'.repeat(2_000_000))
  bridge.say('y')
  bridge.say(request(1, 'x'))
  await bridge.heard(8)
  bridge.end()
  await bridge.ended
  const codes = bridge.lines().map(({ error }) => error?.code)
  t.same(codes, [-32700, -32700, -32700, -32700, -32700, -32600, -32600, undefined])
  t.equal(all.length, 1)
})

t.test('a call that is cancelled, or whose caller went away, is given up', async (t) => {
  let gone = 0
  const { url, all } = await serverOf(t, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n')
    response.once('close', () => gone++)
  })
  const bridge = bridgeTo(url)
  for (const id of [1, 2]) bridge.say(request(id, 'tools/call'))
  await until('both are asked', () => all.length === 2)
  bridge.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  bridge.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'unknown' } })
  await until('one is given up', () => gone === 1)
  bridge.end()
  t.equal((await bridge.ended).status, 0)
  await until('the other is, too', () => gone === 2)
  t.equal(bridge.out(), '')
  t.equal(bridge.err(), '')
})

t.test('inside a run only the token of the run counts', async (t) => {
  const { url, all } = await serverOf(t, ({ body: { id }, response }) => json(response, result(id, {})))
  const outside = { LOOPER_API_TOKEN: 'of-a-person', LOOPER_RUN_ID: 'one' }
  for (const env of [
    outside,
    { ...outside, LOOPER_RUN_TOKEN: '' },
    { ...outside, LOOPER_RUN_TOKEN: 'a\nb' },
  ]) {
    const { status, err, out } = await runCommand(['mcp'], { url, env, stdin: '{"jsonrpc":"2.0","id":1}\n' })
    t.equal(status, 77)
    t.match(err, /inside a run of Looper.*\n.*LOOPER_AGENT_TOOLS=1/)
    t.equal(out, '')
  }
  t.equal(all.length, 0)
  const bridge = bridgeTo(url, { ...outside, LOOPER_RUN_TOKEN: 'of-the-run' })
  bridge.say(request(1, 'x'))
  await bridge.heard(1)
  bridge.end()
  await bridge.ended
  t.equal(all[0]?.headers.authorization, 'Bearer of-the-run')
})

t.test('a client that knows stdio alone works through it, over an outage of the service', async (t) => {
  const { service, restart } = await setUpFault(t)
  const port = new URL(service.url).port
  for (const mode of ['legacy', { pin: '2026-07-28' }] as const) {
    const client = new Client({ name: 'c', version: '1' }, { versionNegotiation: { mode } })
    const args = [path.join(PROJECT, 'bin/looper.js'), 'mcp', '--url', service.url]
    const env = Object.entries(serviceEnv({})).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    )
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args, env: Object.fromEntries(env) }),
    )
    t.teardown(() => client.close())
    t.ok((await toolNames(client)).includes('start_run'))
    t.match(await callTool(client, 'list_runs'), '{"runs":[]}')
    if (mode !== 'legacy') continue
    await service.stop()
    await t.rejects(callTool(client, 'list_runs'), /cannot reach Looper at .*Start it with "looper serve"/)
    await restart({ LOOPER_PORT: port })
    t.match(await callTool(client, 'list_runs'), '{"runs":[]}', 'it is back')
  }
})
