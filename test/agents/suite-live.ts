import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { ended, NOTHING_SAID, said } from '../../src/agents/said.ts'
import { openTranscript } from '../../src/agents/transcript.ts'
import { cutAtRandom, streamBytes, streamFile } from './recorded.ts'
import type { AgentCase } from './suite-case.ts'

const SCRIPTED = path.join(import.meta.dirname, '../fixtures/scripted-agent.ts')

/** What is made of a stream while it comes. */
export function testLive({ agent, recordings, call }: AgentCase): void {
  const { answer, tool, stopped } = recordings

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
    const calls = entries.filter((entry) => entry.kind === 'tool').map(({ id }) => id)
    t.equal(new Set(calls).size, call === null ? 0 : 1)
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
