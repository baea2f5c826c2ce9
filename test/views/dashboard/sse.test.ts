import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { createEventReader, followEvents, type ServerEvent } from '../../../src/views/dashboard/page/sse.js'
import { until } from '../../helpers/service.ts'

t.test('events are read as the standard says, however they are cut', async (t) => {
  const stream =
    ': a comment\nevent: step\nid: 7\ndata: {"a":\ndata: 1}\n\ndata:tight\r\n\r\nevent: no data\n\nid: 8\nodd\ndata: :x\n\n'
  const expected = [
    { event: 'step', data: '{"a":\n1}', id: '7' },
    { event: 'message', data: 'tight', id: '7' },
    { event: 'message', data: ':x', id: '8' },
  ]
  t.same(createEventReader().read(stream), expected)
  const reader = createEventReader()
  t.same(
    [...stream].flatMap((character) => reader.read(character)),
    expected,
  )
})

/** A server that answers each connection with the next of these; `asked` holds their `Last-Event-ID`. */
async function serve(test: Test, ...answers: ((response: ServerResponse) => void)[]) {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(String(request.headers['last-event-id'] ?? ''))
    const answer = answers.shift()
    if (answer) answer(response)
    else response.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ending = new AbortController()
  test.teardown(() => {
    ending.abort()
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const taken: ServerEvent[] = []
  const told: boolean[] = []
  const follow = (isFinal: (error: unknown) => boolean, quietMs?: number, more: object = {}) =>
    followEvents({
      signal: ending.signal,
      firstWaitMs: 1,
      ...(quietMs !== undefined && { quietMs }),
      ...more,
      isFinal,
      open: async (lastId, signal) => {
        const response = await fetch(url, {
          signal,
          headers: lastId === '' ? {} : { 'last-event-id': lastId },
        })
        if (!response.ok) throw new Error(`refused with ${response.status}`)
        return response
      },
      take: (event) => {
        taken.push(event)
        return event.event === 'end'
      },
      tell: (isOpen) => told.push(isOpen),
    })
  return { asked, taken, told, ending, follow }
}

const some = (text: string) => (response: ServerResponse) => response.write(text)
const all = (text: string) => (response: ServerResponse) => response.end(text)
const lost = (text: string) => (response: ServerResponse) => {
  response.write(text, () => setImmediate(() => response.destroy()))
}

t.test('over lost connections it goes on behind the last event, until the last one of all', async (t) => {
  const { asked, taken, told, follow } = await serve(
    t,
    lost('id: 1\ndata: a\n\n'),
    all('id: 2\ndata: b\n\nid: 3\ndata: torn'),
    lost(''),
    some('id: 3\ndata: c\n\nid: end\nevent: end\ndata: {}\n\ndata: too late\n\n'),
  )
  await follow(() => false)
  t.same(asked, ['', '1', '2', '2'])
  t.same(
    taken.map(({ data }) => data),
    ['a', 'b', 'c', '{}'],
  )
  t.equal(told[0], true)
  t.equal(told.at(-1), true)
  t.ok(told.includes(false))
})

t.test('a connection that says nothing, not even a heartbeat, is taken for dead', async (t) => {
  const { asked, follow } = await serve(t, some('id: 1\ndata: a\n\n'), all('id: 2\nevent: end\ndata: {}\n\n'))
  await follow(() => false, 100)
  t.same(asked, ['', '1'])
})

t.test('what wakes it ends the wait before another try', async (t) => {
  const { asked, follow } = await serve(t, lost(''), all('id: 2\nevent: end\ndata: {}\n\n'))
  await follow(() => false, undefined, { firstWaitMs: 600_000, woken: () => Promise.resolve() })
  t.same(asked, ['', ''])
})

t.test('an answer without content is the end, and so is a refusal that is final', async (t) => {
  const empty = await serve(t, (response) => response.writeHead(204).end())
  await empty.follow(() => false)
  t.same(empty.taken, [])
  const refused = await serve(t, (response) => response.writeHead(404).end())
  await t.rejects(
    refused.follow(() => true),
    /refused with 404/,
  )
  t.equal(refused.asked.length, 1)
})

t.test('the signal ends it, in the middle of a stream and while it waits', async (t) => {
  const open = await serve(t, some('id: 1\ndata: a\n\n'))
  const done = open.follow(() => true)
  await until('an event', () => open.taken.length === 1)
  open.ending.abort()
  await done
  const away = await serve(t)
  const waiting = away.follow(() => false)
  await until('a few tries', () => away.told.length >= 4)
  away.ending.abort()
  await waiting
  t.notOk(away.told.includes(true))
  const resting = await serve(t, lost(''))
  const later = resting.follow(() => false, undefined, { firstWaitMs: 600_000 })
  await until('its wait', () => resting.told.includes(false))
  resting.ending.abort()
  await later
  t.equal(resting.asked.length, 1)
})
