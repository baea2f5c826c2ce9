import { createHash } from 'node:crypto'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import t from 'tap'
import { bytesOf, openEvents, type SentEvent } from '../helpers/events.ts'
import { failureOf, sendRaw } from '../helpers/live-run.ts'
import { descriptorsAt, startLogApp } from '../helpers/log-app.ts'
import { until } from '../helpers/service.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

/** All that comes, as bytes, and the last event. */
async function collect(events: AsyncGenerator<SentEvent>) {
  const pieces: Buffer[] = []
  let last: SentEvent | null = null
  for await (const event of events) {
    if (event.event === 'output') pieces.push(bytesOf(event))
    last = event
  }
  return { bytes: Buffer.concat(pieces), text: Buffer.concat(pieces).toString(), last }
}

t.test('an ended log comes whole, then its end, then the connection closes', async (t) => {
  const { begin, events } = await startLogApp(t)
  const { url, file, finish } = begin('one', 'a\nü\0\r\n')
  finish({ outcome: 'stopped', returnCode: -2, cause: 'stopped by ops' })
  const stream = await openEvents(`${url}?follow=1`)
  t.match(stream, {
    status: 200,
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'content-security-policy': String,
      'x-request-id': /^[0-9a-f]{8}$/,
    },
  })
  const seen: SentEvent[] = []
  for await (const event of stream.events) seen.push(event)
  t.strictSame(seen, [
    { event: 'output', id: '7', data: '{"text":"a\\nü\\u0000\\r\\n"}' },
    {
      event: 'end',
      id: 'end',
      data: '{"run_id":"one","outcome":"stopped","return_code":-2,"cause":"stopped by ops","tokens_used":null}',
    },
  ])
  await until('its end is in the log', () =>
    events.some(({ msg, status, request_id }) => {
      return msg === 'http.end' && status === 200 && request_id === stream.headers['x-request-id']
    }),
  )
  await until('the log is closed', () => descriptorsAt(file) === 0)
})

t.test(
  'where to begin: an offset, the last lines, or behind the last event, which counts most',
  async (t) => {
    const { begin, url: base } = await startLogApp(t)
    const { url, finish } = begin('one', 'one\ntwo\nthree\n')
    finish()
    const from = async (query: string, headers = {}) =>
      (await collect((await openEvents(`${url}?follow=1${query}`, headers)).events)).text
    t.equal(await from(''), 'one\ntwo\nthree\n')
    t.equal(await from('&offset=4'), 'two\nthree\n')
    t.equal(await from('&offset=99'), '')
    t.equal(await from('&tail=1'), 'three\n')
    t.equal(await from('&tail=0'), '')
    t.equal(await from('&offset=4&tail=1'), 'two\nthree\n')
    t.equal(await from('&offset=4&tail=1', { 'last-event-id': '12' }), 'e\n')
    const path = '/runs/one/log?follow=1'
    const done = await sendRaw(base, { path, headers: { 'last-event-id': 'end' } })
    t.match(done, { status: 204, text: '' })
    const refusals: [string, Record<string, string>, string][] = [
      [path, { 'last-event-id': 'x' }, "'Last-Event-ID' must be a whole number"],
      [`${path}&offset=-1`, {}, "'offset' must be a whole number"],
      [`${path}&tail=1e3`, {}, "'tail' must be a whole number"],
      ['/runs/one/log?follow=yes', {}, "'follow' must be 0 or 1"],
    ]
    for (const [path, headers, error] of refusals) {
      const answer = await sendRaw(base, { path, headers })
      t.strictSame(failureOf(answer), { status: 400, code: 'LOOPER_FIELD_INVALID', error })
    }
  },
)

t.test('what is written is sent as it comes, no character torn, whatever is broken in it', async (t) => {
  const { begin } = await startLogApp(t)
  const { url, write, finish } = begin('one', 'x')
  const { events } = await openEvents(`${url}?follow=1`)
  const next = async () => {
    const { value } = await events.next()
    return { id: value.id, data: value.data }
  }
  const fox = Buffer.from('🦊')
  t.strictSame(await next(), { id: '1', data: '{"text":"x"}' })
  write(Buffer.concat([Buffer.from('a'), fox.subarray(0, 3)]))
  t.strictSame(await next(), { id: '2', data: '{"text":"a"}' })
  write(fox.subarray(3))
  t.strictSame(await next(), { id: '6', data: '{"text":"🦊"}' })
  write(Buffer.from([0xff]))
  write(Buffer.from([0x0a]))
  const broken = await collect(
    (async function* () {
      for (let id = 6; id < 8; ) {
        const { value } = await events.next()
        yield value
        id = Number(value.id)
      }
    })(),
  )
  t.same([...broken.bytes], [0xff, 0x0a])
  write(Buffer.from([0xf0, 0x9f]))
  finish()
  const rest = await collect(events)
  t.same([...rest.bytes], [0xf0, 0x9f], 'what is never completed comes at the end')
  t.equal(rest.last?.event, 'end')
})

t.test('a run that is still announced is waited for, to its log and to its end', async (t) => {
  const { begin, ledger } = await startLogApp(t)
  const waiting = begin('one', null)
  const { events } = await openEvents(`${waiting.url}?follow=1&tail=5`)
  ledger.step('one', { announcedAt: 1 })
  waiting.launch('# header\n')
  t.match(await events.next(), { value: { data: '{"text":"# header\\n"}' } })
  waiting.write('more')
  waiting.finish()
  t.match(await collect(events), { text: 'more', last: { event: 'end' } })

  const failing = begin('two', null)
  const other = await openEvents(`${failing.url}?follow=1`)
  begin('three', '').finish()
  failing.finish({ outcome: 'failed_to_start', returnCode: null, cause: 'no' })
  t.match(await collect(other.events), { text: '', last: { event: 'end', data: /failed_to_start/ } })
})

t.test('a log that is removed while it is followed is read to its end', async (t) => {
  const { begin } = await startLogApp(t)
  const { url, file, finish } = begin('one', 'before')
  const { events } = await openEvents(`${url}?follow=1`)
  t.match(await events.next(), { value: { data: '{"text":"before"}' } })
  rmSync(file)
  t.equal(descriptorsAt(file), 1)
  finish()
  t.match(await collect(events), { text: '', last: { event: 'end' } })
  await until('it is closed', () => descriptorsAt(file) === 0)
})

t.test('a log that is emptied while it is followed still ends', async (t) => {
  const { begin } = await startLogApp(t)
  const { url, file, finish } = begin('one', 'before')
  const { events } = await openEvents(`${url}?follow=1`)
  t.match(await events.next(), { value: { data: '{"text":"before"}' } })
  truncateSync(file, 1)
  finish()
  t.match(await collect(events), { text: 'b', last: { event: 'end' } }, 'what is there now')
})

t.test('what is written to a log that was emptied is sent, from its begin', async (t) => {
  const { begin } = await startLogApp(t)
  const { url, file, write, finish } = begin('one', 'a long line before\n')
  const { events } = await openEvents(`${url}?follow=1`)
  t.match(await events.next(), { value: { id: '19' } })
  truncateSync(file)
  write('after\n')
  t.match(await events.next(), { value: { id: '6', data: '{"text":"after\\n"}' } })
  write('more\n')
  finish()
  t.match(await collect(events), { text: 'more\n', last: { event: 'end' } })
})

t.test('a log that cannot be opened at the moment is waited for', async (t) => {
  const { begin, ledger } = await startLogApp(t)
  const waiting = begin('one', null)
  const { events } = await openEvents(`${waiting.url}?follow=1`)
  writeFileSync(waiting.file, '# header\n')
  const restore = await exhaustDescriptors(t, process.pid)
  ledger.step('one', { logPath: waiting.file, launchedAt: 1 })
  // It looks every 50 ms, and fails.
  await setTimeout(300)
  await restore()
  t.match(await events.next(), { value: { data: '{"text":"# header\\n"}' } })
  waiting.finish()
  t.match(await collect(events), { last: { event: 'end' } })
})

t.test('a log that appears and is gone at once closes the stream', async (t) => {
  const { begin, ledger, dir } = await startLogApp(t)
  const { url } = begin('one', null)
  const { events } = await openEvents(`${url}?follow=1`)
  ledger.step('one', { logPath: `${dir}/gone`, launchedAt: 1 })
  t.strictSame(await collect(events), { bytes: Buffer.alloc(0), text: '', last: null })
  t.equal((await sendRaw(url, { path: '/runs/one/log?follow=1' })).status, 404)
})

/** A mebibyte of everything that is hard: many bytes a character, carriage returns, NUL, escapes, broken UTF-8. */
function nasty(): Buffer {
  const line = Buffer.concat([
    Buffer.from('plain text ü€🦊\r\n\0\u001b[31mred\u2028\uFEFF "quoted" \\ \n'),
    Buffer.from([0xff, 0xc3, 0x28, 0xe2, 0x82, 0x0a, 0xf0, 0x9f]),
    Buffer.from('data: forged\n\nevent: end\n\n'),
    Buffer.from('and much text that is sound, '.repeat(3000)),
  ])
  return Buffer.concat(Array(Math.ceil(1_048_576 / line.length)).fill(line))
}

t.test(
  'a follower that loses its connection five times has every byte of 50 MB once, in order',
  async (t) => {
    const { begin } = await startLogApp(t)
    const { url, file, write, finish } = begin('one')
    const block = nasty()
    const total = 50 * block.length
    const written = createHash('sha256')
    async function writeAll() {
      // Cuts everywhere, also within characters.
      const piece = 40_961
      for (let offset = 0; offset < total; offset += piece) {
        const begin = offset % block.length
        const doubled = begin + piece > block.length ? Buffer.concat([block, block]) : block
        const bytes = doubled.subarray(begin, begin + Math.min(piece, total - offset))
        written.update(bytes)
        write(bytes)
        await setImmediate()
      }
      finish()
    }
    const writing = writeAll()

    const received = createHash('sha256')
    let count = 0
    let lastId = ''
    let losses = 0
    let last: SentEvent | null = null
    while (last?.event !== 'end') {
      const { events } = await openEvents(`${url}?follow=1`, lastId === '' ? {} : { 'last-event-id': lastId })
      for await (const event of events) {
        last = event
        lastId = event.id
        if (event.event === 'end') break
        const bytes = bytesOf(event)
        received.update(bytes)
        count += bytes.length
        if (losses < 5 && count > ((losses + 1) * total) / 7) {
          losses++
          break
        }
      }
    }
    await writing
    t.equal(losses, 5)
    t.equal(count, total)
    t.equal(received.digest('hex'), written.digest('hex'))
    t.match(JSON.parse(last.data), { run_id: 'one', outcome: 'exited', return_code: 3 })
    t.equal(lastId, 'end')
    await until('the log is closed', () => descriptorsAt(file) === 0)
  },
)

t.test('many who follow share one descriptor; who comes late and who leaves disturbs nobody', async (t) => {
  const { begin } = await startLogApp(t)
  const { url, file, write, finish } = begin('one', '# header\n')
  const follow = () => openEvents(`${url}?follow=1`)
  const early = await Promise.all(Array.from({ length: 20 }, follow))
  const leaving = await follow()
  const texts = early.map(({ events }) => collect(events))
  for (let i = 0; i < 40; i++) {
    write(`${'x'.repeat(100_000)} ${i}\n`)
    if (i === 20) leaving.close()
    await setImmediate()
  }
  const late = collect((await follow()).events)
  t.equal(descriptorsAt(file), 1)
  write('the end\n')
  finish()
  const expected = (await late).text
  t.equal(expected.length, 9 + 40 * 100_002 + 70 + 8)
  for (const { text, last } of await Promise.all(texts)) {
    t.ok(text === expected)
    t.equal(last?.event, 'end')
  }
  await until('the log is closed', () => descriptorsAt(file) === 0)
})

t.test('a follower who takes nothing is dropped, and others go on', async (t) => {
  const { begin, events: logged } = await startLogApp(t, { drainMs: 200 })
  const { url, file, write, finish } = begin('one', Buffer.alloc(30_000_000, 'x'))
  const slow = await openEvents(`${url}?follow=1`)
  slow.pause()
  await until('it is dropped', () => logged.some(({ msg }) => msg === 'stream.slow'))
  const ended = () => logged.filter(({ msg, status }) => msg === 'http.end' && status === 200)
  await until('its request is over', () => ended().length === 1)
  await until('the log is closed', () => descriptorsAt(file) === 0)
  const other = await openEvents(`${url}?follow=1&tail=0`)
  write('more')
  finish()
  t.match(await collect(other.events), { last: { event: 'end' } })
})

t.test('who follows does not hold the shutdown, and nothing stays open', async (t) => {
  const { app, begin } = await startLogApp(t)
  const live = begin('one', 'text')
  const waiting = begin('two', null)
  const streams = await Promise.all([live, live, waiting].map(({ url }) => openEvents(`${url}?follow=1`)))
  for (const { events } of streams.slice(0, 2)) t.match(await events.next(), { value: { id: '4' } })
  t.equal(descriptorsAt(live.file), 1)
  await app.close()
  for (const { events } of streams) t.match(await collect(events), { text: '', last: null })
  await until('the log is closed', () => descriptorsAt(live.file) === 0)
})
