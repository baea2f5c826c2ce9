import t from 'tap'
import { readEvents } from '../../src/cli/sse.ts'

async function eventsOf(...chunks: (string | Uint8Array)[]) {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const events = []
  for await (const event of readEvents(bytes())) events.push(event)
  return events
}

t.test('events are read with their type, id and data; comments are passed over', async (t) => {
  t.strictSame(await eventsOf(': hello\n\nevent: output\nid: 7\ndata: {"a":1}\n\ndata:bare\n\n'), [
    { type: 'output', id: '7', data: '{"a":1}' },
    { type: 'message', id: '', data: 'bare' },
  ])
})

t.test('chunks may be cut anywhere, also within a character and a line end', async (t) => {
  const bytes = Buffer.from('id: 1\r\ndata: über\r\n\r\ndata: b\r\n\r\n')
  t.strictSame(await eventsOf(...Array.from(bytes, (byte) => Buffer.of(byte))), [
    { type: 'message', id: '1', data: 'über' },
    { type: 'message', id: '', data: 'b' },
  ])
})

t.test('data of several lines is one text, and an unfinished event is none', async (t) => {
  t.strictSame(await eventsOf('data: a\ndata: b\ndata\n\nevent: lone\n\ndata: never ended\n'), [
    { type: 'message', id: '', data: 'a\nb\n' },
  ])
})
