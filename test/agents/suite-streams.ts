import t from 'tap'
import { ended, NOTHING_SAID } from '../../src/agents/said.ts'
import { cutAtRandom, eventsOf, saidBy, streamBytes, withoutFrame } from './recorded.ts'
import { type AgentCase, type Recording, recordingsOf } from './suite-case.ts'

const HEADER = '# looper_request_id=0badc0de\n# workspace=/repo\n# command=/usr/bin/agent -- x\n\n'
const NOISE = [
  'Reading additional input from stdin...\n',
  '2026-11-25T12:00:00.000Z  WARN some::module: it may be nothing\n',
  '\n',
  '{"type":\n',
  '[1,2]\n',
  'null\n',
]

export function testStreams(agentCase: AgentCase): void {
  const { agent, recordings, call, unknownEvent } = agentCase
  const { answer, tool, quota, auth, resume, unknownSession, stopped, others } = recordings
  const all = recordingsOf(agentCase)
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
}
