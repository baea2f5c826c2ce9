import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import type { AgentEvent } from '../../src/agents/agent-events.ts'
import { MOST } from '../../src/agents/bounded.ts'
import { MOST_LINE_BYTES } from '../../src/agents/lines.ts'
import { ended, NOTHING_SAID, said } from '../../src/agents/said.ts'
import { openTranscript, settled } from '../../src/agents/transcript.ts'
import { mutants } from './mutants.ts'
import { cutAtRandom, eventsOf, randomFrom, saidBy, streamBytes, streamFile } from './recorded.ts'
import type { AgentCase, Recording } from './suite-case.ts'

const SCRIPTED = path.join(import.meta.dirname, '../fixtures/scripted-agent.ts')
const MIB = 1_048_576
const HEADER = '# looper_request_id=0badc0de\n# workspace=/repo\n# command=/usr/bin/agent -- x\n\n'
const NOISE = [
  'Reading additional input from stdin...\n',
  '2026-11-25T12:00:00.000Z  WARN some::module: it may be nothing\n',
  '\n',
  '{"type":\n',
  '[1,2]\n',
  'null\n',
]

export function testStreams({ agent, recordings, call, unknownEvent }: AgentCase): void {
  const { answer, tool, quota, auth, resume, unknownSession, stopped, others } = recordings
  const all = [answer, tool, quota, auth, resume, unknownSession, stopped, ...others]
  const whole = (bytes: Buffer) => eventsOf(agent.read(), [bytes])

  for (const [name, recording] of Object.entries({
    answer,
    tool,
    quota,
    auth,
    resume,
    unknownSession,
    stopped,
  })) {
    t.test(`${name}: what was said is on the record`, async (t) => matches(t, recording))
  }

  for (const recording of others) {
    t.test(`${recording.file}: what was said is on the record`, async (t) => matches(t, recording))
  }

  function matches(
    t: { strictSame(a: unknown, b: unknown): boolean },
    { file, said: expected }: Recording,
  ): void {
    t.strictSame({ ...NOTHING_SAID, ...expected }, saidBy(agent.read(), streamBytes(file)))
  }

  t.test('an answer is text, a session and no error', async (t) => {
    const events = whole(streamBytes(answer.file))
    t.ok(events.some(({ kind }) => kind === 'text'))
    t.equal(events.filter(({ kind }) => kind === 'session').length, 1, 'told once')
    t.notOk(events.some((event) => event.kind === 'error' && !event.retrying))
  })

  t.test('a tool call has name, input and result, once it has ended', async (t) => {
    const calls = whole(streamBytes(tool.file)).filter((event) => event.kind === 'tool')
    const last = calls.at(-1)
    if (call === null) return t.same(calls, [])
    t.equal(last?.name, call.name)
    t.equal(last?.state, 'done')
    if (call.input !== null) t.match(last?.input, call.input)
    if (call.output !== null) t.match(last?.output, call.output)
    t.equal(new Set(calls.map(({ id }) => id)).size, 1)
  })

  t.test('a run that was stopped keeps its session', async (t) => {
    const so = saidBy(agent.read(), streamBytes(stopped.file))
    t.equal(so.sessionId, stopped.said.sessionId)
    t.equal(so.reply, null)
  })

  t.test('an error that ends a run is of a kind; a crash has no words', async (t) => {
    t.equal(ended(saidBy(agent.read(), streamBytes(auth.file)), 1).errorKind, 'auth')
    t.equal(ended(saidBy(agent.read(), ''), 1).errorKind, 'crashed')
    t.equal(ended(saidBy(agent.read(), ''), 0).errorKind, 'other')
    t.equal(ended(saidBy(agent.read(), streamBytes(answer.file)), 0).errorKind, null)
  })

  t.test('any cut of the bytes gives the same events', async (t) => {
    for (const { file } of all) {
      const bytes = streamBytes(file)
      const expected = whole(bytes)
      for (let seed = 1; seed <= 20; seed++) {
        t.strictSame(eventsOf(agent.read(), cutAtRandom(bytes, seed, seed ** 3)), expected, `${file} ${seed}`)
      }
    }
  })

  t.test('byte by byte it says the same', async (t) => {
    const bytes = streamBytes(tool.file)
    t.strictSame(eventsOf(agent.read(), cutAtRandom(bytes, 1, 1)), whole(bytes))
  })

  t.test('lines that end as on Windows are the same lines', async (t) => {
    const bytes = streamBytes(tool.file)
    t.strictSame(whole(Buffer.from(String(bytes).replaceAll('\n', '\r\n'))), whole(bytes))
  })

  t.test("header and trailer of the run's log are not the agent's", async (t) => {
    const bytes = withoutFrame(streamBytes(answer.file))
    const framed = Buffer.concat([Buffer.from(HEADER), bytes, Buffer.from('\n# codex_exec_return_code=0\n')])
    t.strictSame(whole(framed), whole(bytes))
    t.strictSame(whole(Buffer.from(`${HEADER}\n# codex_exec_return_code=-15\n`)), [])
  })

  t.test('noise before its first word is passed over', async (t) => {
    const bytes = withoutFrame(streamBytes(auth.file))
    t.strictSame(
      saidBy(agent.read(), Buffer.concat([Buffer.from(NOISE.join('')), bytes])),
      saidBy(agent.read(), bytes),
    )
  })

  t.test('what nobody knows yet is passed over', async (t) => {
    const bytes = withoutFrame(streamBytes(auth.file))
    const before = Buffer.from(`${unknownEvent}\n`)
    t.strictSame(saidBy(agent.read(), Buffer.concat([before, bytes])), saidBy(agent.read(), bytes))
  })

  t.test('bytes that are no UTF-8 do not end the reading', async (t) => {
    const text = withoutFrame(streamBytes(answer.file)).toString('latin1')
    const broken = Buffer.from(text.replaceAll('Hello', 'H\xff\xc3\xe2\x82'), 'latin1')
    const so = saidBy(agent.read(), broken)
    t.match(so.reply, /^H\ufffd/)
    t.equal(so.sessionId, answer.said.sessionId)
  })

  t.test('a stream that breaks off says what it said so far', async (t) => {
    const bytes = streamBytes(tool.file)
    const expected = whole(bytes)
    for (let length = 0; length < bytes.length; length += 37) {
      const events = eventsOf(agent.read(), [bytes.subarray(0, length)])
      // The last one may be of half a line, or the end of what is open.
      t.strictSame(events.slice(0, -1), expected.slice(0, Math.max(0, events.length - 1)), `${length}`)
    }
  })

  t.test('a last line without an end is read', async (t) => {
    const bytes = withoutFrame(streamBytes(answer.file))
    t.strictSame(whole(bytes.subarray(0, bytes.lastIndexOf('\n'))), whole(bytes))
  })

  t.test(
    'values of every other type, in every place, never throw and never lie about themselves',
    async (t) => {
      for (const { file } of all) {
        for (const mutant of mutants(String(streamBytes(file)))) {
          for (const event of whole(Buffer.from(mutant))) if (!isWell(event)) t.fail(JSON.stringify(event))
        }
      }
    },
  )

  t.test('what is nested as deep as a line is long does not end the reading', async (t) => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const mutant of mutants(String(streamBytes(tool.file)), ['DEEP'])) {
      for (const event of whole(Buffer.from(mutant.replace('"DEEP"', deep)))) {
        if (!isWell(event)) t.fail(JSON.stringify(event))
      }
    }
  })

  t.test(
    'bytes at random, between those of the agent, never throw, and are the same by any cut',
    async (t) => {
      for (let seed = 1; seed <= 20; seed++) {
        const random = randomFrom(seed)
        const pieces = all.flatMap(({ file }) => {
          const bytes = streamBytes(file)
          const from = Math.floor(random() * bytes.length)
          const noise = Buffer.from(Array.from({ length: 50 }, () => Math.floor(random() * 256)))
          return [bytes.subarray(from, from + Math.floor(random() * 3000)), noise]
        })
        const bytes = Buffer.concat(pieces)
        const events = whole(bytes)
        t.ok(events.every(isWell))
        t.strictSame(eventsOf(agent.read(), cutAtRandom(bytes, seed, 500)), events)
      }
    },
  )

  t.test('every text of an event is bounded', async (t) => {
    const long = String(streamBytes(tool.file)).replaceAll(/one|answered|Done|echo/g, 'x'.repeat(600_000))
    const events = whole(Buffer.from(long))
    t.ok(events.length > 0)
    for (const event of events) {
      for (const text of Object.values(event)) t.ok(String(text).length <= MOST.text)
    }
  })

  t.test('a line of 200 MB is passed over in bounded memory, and said', async (t) => {
    const reader = agent.read()
    const bytes = withoutFrame(streamBytes(answer.file))
    const chunk = new Uint8Array(MIB).fill(0x78)
    const before = process.memoryUsage().arrayBuffers
    const events: AgentEvent[] = []
    let most = 0
    for (let i = 0; i < 200; i++) {
      events.push(...reader.push(chunk))
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    events.push(...reader.push(Buffer.from('\n')), ...reader.push(bytes), ...reader.end())
    t.match(events[0], { kind: 'error', retrying: true, text: /^A line of 209715200 bytes/ })
    t.strictSame(events.slice(1), whole(bytes))
    t.ok(most < 8 * MOST_LINE_BYTES, `${most} bytes`)
  })

  t.test('a transcript numbers its entries without a gap, whatever the cuts', async (t) => {
    const bytes = streamBytes(tool.file)
    const read = (pieces: Iterable<Uint8Array>) => {
      const transcript = openTranscript(agent.read())
      return [...[...pieces].flatMap((piece) => transcript.push(Uint8Array.from(piece))), ...transcript.end()]
    }
    const entries = read([bytes])
    t.same(
      entries.map(({ seq }) => seq),
      entries.map((_, i) => i + 1),
    )
    for (let seed = 1; seed <= 10; seed++) {
      const pieces = [...cutAtRandom(bytes, seed, 300)].map((_, i, { length }) =>
        bytes.subarray(
          Math.floor((bytes.length * i) / length),
          Math.floor((bytes.length * (i + 1)) / length),
        ),
      )
      t.strictSame(read(pieces), entries)
    }
    const places = entries.map(({ offset }) => offset)
    t.same(
      places,
      places.toSorted((a, b) => a - b),
    )
    t.ok(places.every((place) => place === bytes.length || bytes[place - 1] === 0x0a))
    t.equal(settled(entries).filter(({ kind }) => kind === 'tool').length, call === null ? 0 : 1)
    t.ok(entries.every(({ kind }) => ['text', 'tool', 'usage', 'error'].includes(kind)))
  })

  t.test('a program that says it piece by piece is read while it runs', async (t) => {
    const reader = agent.read()
    const child = spawn(process.execPath, [SCRIPTED, streamFile(answer.file), '100', '0'])
    let so = NOTHING_SAID
    child.stdout.on('data', (bytes: Buffer) => {
      for (const event of reader.push(bytes)) so = said(so, event)
    })
    const [status] = await once(child, 'close')
    for (const event of reader.end()) so = said(so, event)
    t.strictSame(ended(so, status), { ...NOTHING_SAID, ...answer.said })
  })

  t.test('a program that is killed has said what it said', async (t) => {
    const reader = agent.read()
    const child = spawn(process.execPath, [SCRIPTED, streamFile(stopped.file), '100', 'wait'])
    let so = NOTHING_SAID
    child.stdout.on('data', (bytes: Buffer) => {
      for (const event of reader.push(bytes)) so = said(so, event)
      if (so.sessionId !== null) child.kill('SIGKILL')
    })
    const [status, signal] = await once(child, 'close')
    t.same([status, signal], [null, 'SIGKILL'])
    t.equal(so.sessionId, stopped.said.sessionId)
  })
}

/** Without the header and the trailer that some recordings have. */
const withoutFrame = (bytes: Buffer) =>
  Buffer.from(
    String(bytes)
      .replace(/^(?:# \w+=.*\n)+\n/, '')
      .replace(/\n# codex_exec_return_code=.*\n$/, ''),
  )

function isWell(event: AgentEvent): boolean {
  const isText = (value: unknown, most: number) => typeof value === 'string' && value.length <= most
  const isAmount = (value: unknown) => value === null || (typeof value === 'number' && value >= 0)
  switch (event.kind) {
    case 'session':
      return isText(event.id, MOST.name)
    case 'text':
      return isText(event.text, MOST.text) && event.text.trim() !== ''
    case 'tool':
      return (
        isText(event.id, MOST.name) && isText(event.name, MOST.name) && isText(event.input ?? '', MOST.input)
      )
    case 'usage':
      return [event.input, event.cached, event.output, event.total, event.costUsd].every(isAmount)
    case 'error':
      return isText(event.text, MOST.error) && isAmount(event.until)
    case 'turn':
      return true
  }
}
