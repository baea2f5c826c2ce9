import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { mostConnections } from '../../src/http/connections.ts'
import { createTokenCheck } from '../../src/http/tokens.ts'
import { buildTestApp, NOW } from '../helpers/app.ts'
import { openEvents } from '../helpers/events.ts'
import { sendRaw } from '../helpers/live-run.ts'
import { until } from '../helpers/service.ts'

const TOKEN = 'the-right-token-of-this-test'
const RIGHT = { authorization: `Bearer ${TOKEN}` }
const HEALTH = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'
const MOST = 6

/** An app that takes six connections, with a token or without one, and what may connect to it. */
async function setUp(test: Test, token: string | null = TOKEN) {
  const tokens = token === null ? null : createTokenCheck(token, null, () => NOW, t.fail)
  const { app, events } = await buildTestApp(test, { tokens, mostConnections: MOST })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = new URL(url)
  const sockets: net.Socket[] = []
  test.teardown(() => sockets.forEach((socket) => void socket.destroy()))
  return {
    url,
    openCount: () =>
      new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count))),
    told: () => events.filter(({ msg }) => msg === 'http.connections.full'),
    /** Connects, sends this and reads on. */
    async connect(sent: string, from = '127.0.0.1') {
      const socket = net.connect({ port: Number(port), host: '127.0.0.1', localAddress: from })
      socket.on('error', () => undefined).resume()
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(sent)
      return socket
    },
  }
}

t.test('whoever connects without end closes their own connections, and all others are served', async (t) => {
  const { url, connect, openCount, told } = await setUp(t)
  const other = await connect(HEALTH, '127.0.0.2')
  const stream = await openEvents(`${url}/events`, RIGHT)
  const flood: net.Socket[] = []
  for (let i = 0; i < 40; i++) {
    flood.push(await connect(i % 2 ? HEALTH : 'GET /hea'))
    t.ok((await openCount()) <= MOST)
  }
  await until('the first of them are closed', () => flood.filter(({ closed }) => closed).length === 36)
  t.equal(flood.at(-1)?.closed, false, 'the last one is open')
  t.equal(other.closed, false, 'the connection from elsewhere, too')
  t.equal((await sendRaw(url, { path: '/health' })).status, 200)
  t.equal((await sendRaw(url, { path: '/status', headers: RIGHT })).status, 200)
  t.equal(stream.status, 200)
  stream.close()
  t.match(told(), [{ level: 40, connections: MOST }], 'told once')
})

for (const token of [TOKEN, null]) {
  const headers = token === null ? {} : RIGHT
  t.test(
    `what answers a known caller is not closed, ${token === null ? 'without' : 'with'} a token`,
    async (t) => {
      const { url, connect, openCount } = await setUp(t, token)
      const streams = await Promise.all(
        Array.from({ length: MOST }, () => openEvents(`${url}/events`, headers)),
      )
      const late = await connect(HEALTH)
      await until('it is closed', () => late.closed)
      t.equal(await openCount(), MOST)
      streams[0]?.close()
      await until('there is room', async () => (await openCount()) < MOST)
      t.equal((await sendRaw(url, { path: '/health' })).status, 200)
      for (const stream of streams) stream.close()
    },
  )
}

t.test('a connection that asked last is closed last', async (t) => {
  const { connect } = await setUp(t)
  const ask = async (socket: net.Socket) => {
    const answered = once(socket, 'data')
    socket.write(HEALTH)
    await answered
    return socket
  }
  const first = await ask(await connect(''))
  const second = await ask(await connect(''))
  for (let i = 2; i < MOST; i++) await ask(await connect(''))
  await ask(first)
  await connect(HEALTH)
  await until('one is closed', () => second.closed)
  t.equal(first.closed, false)
})

t.test('a third of the descriptors are for connections, a thousand at most', async (t) => {
  const dir = t.testdir({
    small:
      'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            200                  200                  files     \n',
    large: 'Max open files            1048576              1048576              files     \n',
    none: 'Max open files            unlimited            unlimited            files     \n',
  })
  t.equal(mostConnections(path.join(dir, 'small')), 66)
  t.equal(mostConnections(path.join(dir, 'large')), 1000)
  t.equal(mostConnections(path.join(dir, 'none')), 341)
  t.equal(mostConnections(path.join(dir, 'absent')), 341)
})
