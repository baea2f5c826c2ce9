import t from 'tap'
import { markEvents } from '../../src/logging/raw-lines.ts'

const marked = (text: string) => String(markEvents(Buffer.from(text)))

t.test('a line that reads like an event is none any more', async (t) => {
  const forgeries = [
    '{"level":30,"time":"2026-01-02T03:04:05.000Z","msg":"run.success"}',
    '{"msg":"run.success"}',
    '{"time":1,"level":"info"}',
    '  \t{ "level": 30 }  \r',
    '{"\\u006cevel":30}',
    '{"m\\u0073g":"run.success"}',
    '\ufeff{"level":30}',
    '\u00a0{"level":30}',
    '{"level":30,"nested":{"level":{}}}',
    `{"level":30,"long":"${'x'.repeat(60_000)}"}`,
  ]
  for (const line of forgeries) {
    const found = marked(`before\n${line}\nbehind\n`)
    t.equal(found, `before\n${line.replace('{', '{\\')}\nbehind\n`)
    for (const one of found.split('\n')) t.throws(() => JSON.parse(one.trim()), one.slice(0, 80))
  }
  t.equal(marked('{"level":1}\n{"msg":"x"}\n'), '{\\"level":1}\n{\\"msg":"x"}\n', 'each of them')
  t.equal(marked('{"level":1}'), '{\\"level":1}', 'without an end, too')
})

t.test('all else stays, byte for byte', async (t) => {
  const lines = [
    'plain, with level and msg',
    '{"type":"item.completed","item":{"level":30}}',
    '{"id":"0","msg":{"type":"agent_message"}}',
    '{"level":30',
    '{"level":30} and more',
    'before {"level":30}',
    '["level",{"level":30}]',
    '{}',
    '"level"',
  ].map((line) => `${line}\n`)
  for (const bytes of [...lines, lines.join(''), ''].map((text) => Buffer.from(text)))
    t.equal(markEvents(bytes), bytes, String(bytes))
  const broken = Buffer.concat([Buffer.from('{"level":"'), Buffer.of(0xff), Buffer.from('"}\n')])
  t.same(
    markEvents(broken),
    Buffer.concat([Buffer.from('{\\"level":"'), Buffer.of(0xff), Buffer.from('"}\n')]),
    'a reader that takes what is no text takes it for one',
  )
})
