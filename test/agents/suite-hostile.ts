import t from 'tap'
import type { AgentEvent } from '../../src/agents/agent-events.ts'
import { MOST } from '../../src/agents/bounded.ts'
import { MOST_LINE_BYTES } from '../../src/agents/lines.ts'
import { mutants } from './mutants.ts'
import { cutAtRandom, eventsOf, randomFrom, saidBy, streamBytes, withoutFrame } from './recorded.ts'
import { type AgentCase, recordingsOf } from './suite-case.ts'

const MIB = 1_048_576

/** Output that no agent would write, but a tool might, or a broken disk. */
export function testHostile(agentCase: AgentCase): void {
  const { agent, recordings } = agentCase
  const { answer, tool } = recordings
  const all = recordingsOf(agentCase)
  const whole = (bytes: Buffer) => eventsOf(agent.read(), [bytes])

  t.test('bytes that are no UTF-8 do not end the reading', async (t) => {
    const text = withoutFrame(streamBytes(answer.file)).toString('latin1')
    const broken = Buffer.from(text.replaceAll('Hello', 'H\xff\xc3\xe2\x82'), 'latin1')
    const so = saidBy(agent.read(), broken)
    t.match(so.reply, /^H\ufffd/)
    t.equal(so.sessionId, answer.said.sessionId)
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
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
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
}

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
    case 'work':
      return isText(event.id, MOST.name)
    case 'turn':
      return true
  }
}
