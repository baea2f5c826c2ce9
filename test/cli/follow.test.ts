import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { connect } from '../../src/cli/client.ts'
import { EXIT } from '../../src/cli/failure.ts'
import { follow } from '../../src/cli/follow.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { until } from '../helpers/service.ts'

const PATIENCE = { quietMs: 2000, waitMs: 1, maxWaitMs: 4, tries: 3 }

/** A service, and a follower of its runs that keeps what it gets. */
async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  const interruption = new AbortController()
  const chunks: Uint8Array[] = []
  const offsets: number[] = []
  const told: string[] = []
  const start = (runId: string, options: { start?: string; patience?: Partial<typeof PATIENCE> } = {}) =>
    follow(connect({ url: service.url, token: null }, {}, interruption.signal), runId, {
      start: options.start ?? '',
      take: async (bytes, offset) => {
        chunks.push(bytes)
        offsets.push(offset)
      },
      tell: (message) => told.push(message),
      signal: interruption.signal,
      clock: systemClock,
      patience: { ...PATIENCE, ...options.patience },
    })
  const received = () => Buffer.concat(chunks)
  return { service, start, received, offsets, told, interruption }
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

t.test('a follower gets what is there, what comes, and the end', async (t) => {
  const { service, start, received, offsets } = await setUp(t)
  const run = service.add({}, 'one\n')
  const ended = start(run.run_id)
  await until('the first line arrived', () => received().toString() === 'one\n')
  service.append(run, 'two ü\r\n\0')
  await until('the second arrived', () => received().toString() === 'one\ntwo ü\r\n\0')
  service.end(run, { outcome: 'exited', return_code: 0, cause: null })
  t.strictSame(await ended, { run_id: run.run_id, outcome: 'exited', return_code: 0, cause: null })
  t.strictSame(offsets, [4, 13])
})

t.test('fifty megabytes over five lost connections arrive whole, once and in order', async (t) => {
  const { service, start, received, told } = await setUp(t)
  // Characters of two to four bytes, and bytes that are no characters at all.
  const line = Buffer.concat([Buffer.from('ü – 🎉 plain\n'), Buffer.from([0xff, 0xfe, 0x00, 0x80])])
  const log = Buffer.concat(Array.from({ length: Math.ceil(50_000_000 / line.length) }, () => line))
  const run = service.add({ outcome: 'exited', return_code: 3 }, log)
  service.cutFollowers(5, 8_000_000)
  t.match(await start(run.run_id), { return_code: 3 })
  t.equal(service.losses, 5)
  t.equal(told.length, 5)
  t.match(told[0], /^the connection was lost: .*; trying again in 0\.001 s$/)
  t.equal(received().length, log.length)
  t.equal(sha(received()), sha(log))
  const ids = service.asked.map(({ headers }) => headers['last-event-id'])
  t.equal(ids[0], undefined)
  t.ok(
    ids.slice(1).every((id, i) => Number(id) > Number(ids[i] ?? 0)),
    'each attempt begins where the last one broke',
  )
})

t.test('it begins where it is asked to', async (t) => {
  const { service, start, received } = await setUp(t)
  const run = service.add({ outcome: 'lost' }, 'one\ntwo\nthree\n')
  await start(run.run_id, { start: 'tail=1' })
  t.equal(received().toString(), 'three\n')
  t.equal(service.asked[0]?.url, `/runs/${run.run_id}/log?follow=1&tail=1`)
})

t.test('a service that stays away is given up after a few tries, with growing waits', async (t) => {
  const { service, start, told } = await setUp(t)
  const run = service.add()
  service.cutFollowers(100, 0)
  service.append(run, 'x')
  await t.rejects(start(run.run_id), { exit: EXIT.unreachable, message: /the connection was lost/ })
  t.strictSame(
    told.map((line) => / in (\S+) s/.exec(line)?.[1]),
    ['0.001', '0.002', '0.004'],
  )
})

t.test('what is received in between starts the count anew', async (t) => {
  const { service, start, told } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0 }, Buffer.alloc(900_000, 'x'))
  service.cutFollowers(7, 100_000)
  await start(run.run_id)
  t.equal(told.length, 7, 'more than it tries in a row')
})

t.test(
  'a stream that ends before the run, falls silent, or is refused for a moment is taken up again',
  async (t) => {
    const { service, start, received, told } = await setUp(t)
    const run = service.add({ outcome: 'exited', return_code: 0 }, 'all\n')
    service.interrupt((_, response) => response.writeHead(200).end())
    service.interrupt((_, response) => void response.writeHead(200).write(': heartbeat\n\n'))
    service.interrupt((_, response) => {
      response.writeHead(503).end('{"error":"stopping","code":"LOOPER_SHUTTING_DOWN"}')
    })
    await start(run.run_id, { patience: { quietMs: 50 } })
    t.equal(received().toString(), 'all\n')
    t.match(told, [/^the stream ended before/, /nothing received for 0\.05 s/, /^stopping; /])
  },
)

t.test('events that it does not know are passed over', async (t) => {
  const { service, start, received } = await setUp(t)
  const run = service.add()
  service.interrupt((_, response) => {
    response
      .writeHead(200)
      .end(
        'event: news\ndata: {}\n\nevent: output\nid: 2\ndata: {"text":"ab"}\n\nevent: end\ndata: {"return_code":0}\n\n',
      )
  })
  t.strictSame(await start(run.run_id), { return_code: 0 })
  t.equal(received().toString(), 'ab')
})

t.test('a log that is not there is no lost connection', async (t) => {
  const { service, start, told } = await setUp(t)
  const run = service.add({}, null)
  await t.rejects(start(run.run_id), { exit: EXIT.notFound, message: 'it has no log' })
  t.strictSame(told, [])
})

t.test('an interruption ends it at once, while it reads and while it waits', async (t) => {
  const first = await setUp(t)
  const run = first.service.add()
  const reading = first.start(run.run_id)
  await until('it reads', () => first.received().length > 0)
  first.interruption.abort()
  await t.rejects(reading)

  const second = await setUp(t)
  const other = second.service.add()
  second.service.cutFollowers(100, 0)
  const waiting = second.start(other.run_id, { patience: { waitMs: 60_000, maxWaitMs: 60_000 } })
  await until('it waits', () => second.told.length > 0)
  second.interruption.abort()
  await t.rejects(waiting)
})

t.test('a reader that is slow is no silence', async (t) => {
  const { service } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0 }, 'x')
  const { signal } = new AbortController()
  const told: string[] = []
  await follow(connect({ url: service.url, token: null }, {}, signal), run.run_id, {
    start: '',
    take: () => systemClock.sleep(100),
    tell: (message) => told.push(message),
    signal,
    clock: systemClock,
    patience: { ...PATIENCE, quietMs: 50 },
  })
  t.strictSame(told, [])
})
