import { once } from 'node:events'
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { fastify } from 'fastify'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type EventStream, openEventStream, type StreamPatience } from '../../src/http/event-stream.ts'
import { openEvents } from '../helpers/events.ts'
import { exchange } from '../helpers/live-run.ts'

const PATIENT: StreamPatience = { heartbeatMs: 60_000, drainMs: 60_000 }
/** More than sockets take unread. */
const MUCH = `data: ${'x'.repeat(30_000_000)}\n\n`

/** A server whose one route does this with a stream; `over` resolves when that is done and the connection is gone. */
async function serve(
  test: Test,
  patience: Partial<StreamPatience>,
  work: (stream: EventStream) => Promise<void>,
  clock: Clock = systemClock,
  isAllowed = () => true,
) {
  const app = fastify({ forceCloseConnections: true })
  test.teardown(() => app.close())
  const { promise: asked, resolve: begin } = Promise.withResolvers<void>()
  const over = new Promise<EventStream>((resolve) => {
    app.get('/', async (request, reply) => {
      begin()
      if (request.headers['x-late']) await once(request.raw.socket, 'close')
      reply.header('x-number', 7)
      const stream = openEventStream(reply, clock, { ...PATIENT, ...patience }, isAllowed)
      await work(stream)
      await stream.closed
      resolve(stream)
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url, over, asked }
}

/** A clock that goes only where it is told to. */
function handClock() {
  let ms = 0
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>()
  const clock: Clock = {
    now: () => ms,
    monotonic: () => ms,
    sleep: (length, signal) =>
      new Promise((wake, reject) => {
        sleepers.add({ due: ms + length, wake })
        signal?.addEventListener('abort', reject)
      }),
  }
  return {
    clock,
    async advance(by: number) {
      ms += by
      for (const { due, wake } of sleepers) if (due <= ms) wake()
      await setImmediate()
    },
  }
}

t.test('quiet is broken by comments, and only quiet is', async (t) => {
  const { clock, advance } = handClock()
  const work = async (stream: EventStream) => {
    await stream.send('data: 0\n\n')
    await advance(40)
    await stream.send('data: 1\n\n')
    await advance(10)
    await advance(39)
    await stream.send('data: 2\n\n')
    await advance(49)
    await advance(1)
    await advance(50)
    await stream.end('data: 3\n\n')
  }
  const { url } = await serve(t, { heartbeatMs: 50 }, work, clock)
  const { events, headers } = await openEvents(url)
  t.equal(headers['x-number'], '7')
  const seen: string[] = []
  for await (const { event, data } of events) seen.push(event === ':' ? event : data)
  t.strictSame(seen, ['0', '1', '2', ':', ':', '3'])
})

t.test('a reader that takes nothing is dropped, in the middle and at the end', async (t) => {
  for (const how of ['send', 'end'] as const) {
    const { url, over } = await serve(t, { drainMs: 100 }, (stream) => stream[how](MUCH))
    const reader = await openEvents(url)
    reader.pause()
    t.ok((await over).isOver(), how)
  }
})

t.test('whoever may not read any more is cut off, quiet or not', async (t) => {
  for (const isQuiet of [true, false]) {
    let isAllowed = true
    const work = async (stream: EventStream) => {
      await stream.send('data: 0\n\n')
      isAllowed = false
      while (!isQuiet && !stream.isOver()) {
        await stream.send('data: more\n\n')
        await setImmediate()
      }
    }
    const { url, over } = await serve(t, { heartbeatMs: 20 }, work, systemClock, () => isAllowed)
    const text = await exchange(url, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    t.notMatch(text, /\r\n0\r\n\r\n$/)
    t.ok((await over).isOver())
  }
})

t.test('a reader that takes all is waited for', async (t) => {
  const { url, over } = await serve(t, {}, async (stream) => {
    await stream.send(`data: ${'x'.repeat(3_000_000)}\n\n`)
    await stream.end('data: last\n\n')
    await stream.send('never')
    await stream.end('never')
    stream.offer('never')
    stream.abandon()
  })
  const { events } = await openEvents(url)
  const seen: number[] = []
  for await (const { data } of events) seen.push(data.length)
  t.strictSame(seen, [3_000_000, 4])
  await over
})

t.test('what is offered is sent or kept, up to a measure', async (t) => {
  const { url, over } = await serve(t, {}, async (stream) => {
    stream.offer('data: small\n\n')
    await systemClock.sleep(20)
    t.notOk(stream.isOver())
    stream.offer(MUCH)
    t.ok(stream.isOver())
    stream.offer('never')
  })
  const { events } = await openEvents(url)
  t.match(await events.next(), { value: { data: 'small' } })
  await over
})

t.test('a stream that is abandoned is cut', async (t) => {
  const { url, over } = await serve(t, {}, async (stream) => {
    await stream.send('data: one\n\n')
    stream.abandon()
  })
  const text = await exchange(url, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.notMatch(text, /\r\n0\r\n\r\n$/)
  await over
})

t.test('a reader who was gone before it began is sent nothing', async (t) => {
  const { url, over, asked } = await serve(t, {}, async (stream) => {
    t.ok(stream.isOver())
    await stream.send('data: one\n\n')
    await stream.end('data: two\n\n')
  })
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Late: 1\r\n\r\n')
  })
  await asked
  socket.destroy()
  t.ok((await over).isOver())
})
