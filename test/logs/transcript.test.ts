import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { TranscriptEntry } from '../../src/agents/transcript.ts'
import { type GrowingTranscript, pageOf } from '../../src/logs/transcript.ts'
import { type Entry, entryOf, type TranscriptAnswer } from '../../src/logs/transcript-schemas.ts'
import { startLogApp } from '../helpers/log-app.ts'
import { PROJECT, until } from '../helpers/service.ts'

const STREAMS = path.join(PROJECT, 'test/fixtures/streams')
const stream = (name: string) => readFileSync(path.join(STREAMS, name))

/** A run whose log holds this, and how its transcript is asked for. */
async function setUp(test: Test, log: string | Buffer | null, runId = 'one') {
  const app = await startLogApp(test)
  const run = app.begin(runId, log)
  const ask = (query = '', headers: Record<string, string> = {}) =>
    fetch(`${app.url}/runs/${runId}/transcript${query}`, { headers })
  const page = async (query = ''): Promise<TranscriptAnswer> => JSON.parse(await (await ask(query)).text())
  return { ...app, run, ask, page }
}

/** The events of a stream, as far as it came. */
async function eventsOf(response: Response): Promise<{ type: string; id: string; data: Entry }[]> {
  return (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('event:'))
    .map((event) => {
      const [, type = '', id = '', data = ''] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(event) ?? []
      return { type, id, data: JSON.parse(data) }
    })
}

t.test('a transcript has each tool call once, where it started, with what came of it', async (t) => {
  const { page, run } = await setUp(t, stream('codex-plain-tool.log'))
  const { entries, ...rest } = await page()
  t.same(rest, { run_id: 'one', agent: 'codex', next_after: null, complete: false })
  t.same(
    entries.map(({ kind }) => kind),
    ['tool', 'text', 'usage'].filter((kind) => entries.some((entry) => entry.kind === kind)),
  )
  const [tool] = entries
  t.match(tool, { kind: 'tool', state: 'done' })
  t.ok(entries.every(({ seq, offset }) => seq > 0 && offset > 0))
  run.finish()
  t.equal((await page()).complete, true)
})

t.test('it is read page by page, each entry once', async (t) => {
  const { page } = await setUp(t, stream('codex-plain-multi.log'))
  const whole = (await page()).entries
  t.ok(whole.length > 2)
  const found: Entry[] = []
  for (let after: number | null = 0; after !== null; ) {
    const { entries, next_after } = await page(`?after=${after}&limit=1`)
    t.ok(entries.length <= 1)
    found.push(...entries)
    after = next_after
  }
  t.same(found, whole)
})

t.test('what is half said while a run lives is told once, as a whole', async (t) => {
  const plain = stream('codex-plain-tool.log').toString()
  const log = Buffer.from(plain.replace('codex\nDone.\n', 'codex\nthe first half\nand the second half\n'))
  const cut = log.indexOf('and the second')
  const { page, run } = await setUp(t, log.subarray(0, cut))
  const early = (await page()).entries
  run.write(log.subarray(cut))
  run.finish()
  const late = await page(`?after=${early.at(-1)?.seq ?? 0}`)
  t.match(
    [...early, ...late.entries].filter(({ kind }) => kind === 'text'),
    [{ text: 'the first half\nand the second half' }],
  )
})

t.test('what is said is told as it is said, up to the end', async (t) => {
  const log = stream('codex-plain-tool.log')
  const cut = Math.floor(log.length / 2)
  const { ask, run, page } = await setUp(t, log.subarray(0, cut))
  const response = await ask('?follow=1')
  t.match(response.headers.get('content-type'), 'text/event-stream')
  const events = eventsOf(response)
  run.write(log.subarray(cut))
  await until('all of it is read', async () => (await page()).entries.length > 1)
  run.finish()
  const told = await events
  t.match(told.at(-1), { type: 'end', id: 'end', data: { run_id: 'one', outcome: 'exited' } })
  const entries = told.slice(0, -1)
  t.same(
    entries.map(({ id }) => Number(id)),
    entries.map((_, index) => index + 1),
  )
  t.same(
    entries.filter(({ data }) => data.kind === 'tool').map(({ data }) => data.kind === 'tool' && data.state),
    ['started', 'done'],
  )

  const again = await eventsOf(await ask('?follow=1', { 'last-event-id': '1' }))
  t.same(again, told.slice(1), 'it goes on behind what was seen')
  t.same(await eventsOf(await ask('?follow=1&after=1')), told.slice(1))
  t.equal((await ask('?follow=1', { 'last-event-id': 'end' })).status, 204)
})

t.test('a log that is cut off while somebody follows is told from its new begin', async (t) => {
  const short = stream('codex-plain-tool.log')
  const { ask, page, run } = await setUp(t, Buffer.concat([short, stream('codex-plain-multi.log')]))
  const before = (await page()).entries
  const [early, all] = (await ask('?follow=1')).body?.tee() ?? []
  // As soon as anything of it was sent, all of it was read.
  await early?.getReader().read()
  writeFileSync(run.file, short)
  run.finish()
  const told = (await eventsOf(new Response(all))).map(({ id }) => id)
  const again = told.indexOf('1', 1)
  t.ok(again >= before.length)
  const anew = await eventsOf(await ask('?follow=1'))
  t.strictSame(
    told.slice(again),
    anew.map(({ id }) => id),
  )
})

t.test('whoever follows and goes is let go', async (t) => {
  const { url, run } = await setUp(t, 'nothing yet\n')
  const leaving = new AbortController()
  const response = await fetch(`${url}/runs/one/transcript?follow=1`, { signal: leaving.signal })
  leaving.abort()
  await t.rejects(response.text())
  run.finish()
})

/** A transcript of tool calls by their ids; one that ends has a bang. */
function callsOf(...calls: string[]): GrowingTranscript {
  const entries = calls.map((call, index): TranscriptEntry => {
    const state = call.endsWith('!') ? 'done' : 'started'
    const id = call.replace('!', '')
    return {
      seq: index + 1,
      offset: index * 10,
      kind: 'tool',
      id,
      name: id,
      input: null,
      output: state,
      state,
    }
  })
  return {
    async *readOn() {
      yield* entries
    },
    end: () => [],
    isCut: async () => false,
  }
}

/** All that a transcript tells. */
async function collect(transcript: GrowingTranscript): Promise<TranscriptEntry[]> {
  const all: TranscriptEntry[] = []
  for await (const entry of transcript.readOn()) all.push(entry)
  return all
}

t.test('a call that began before a page or behind it stands where it began', async (t) => {
  const page = async (after: number, limit: number, ...calls: string[]) => {
    const { entries, nextAfter } = await pageOf(callsOf(...calls), { after, limit }, true, () => false)
    return [
      ...entries.map(({ seq, ...entry }) => `${seq} ${entry.kind === 'tool' && entry.state}`),
      nextAfter,
    ]
  }
  t.same(await page(0, 9, 'a', 'b', 'b!', 'a!', 'c!'), ['1 done', '2 done', '5 done', null])
  t.same(await page(1, 9, 'a', 'b', 'b!', 'a!', 'c!'), ['2 done', '5 done', null])
  t.same(await page(0, 1, 'a', 'b', 'b!', 'a!'), ['1 done', 1])
  t.same(await page(2, 1, 'a', 'b', 'b!', 'a!', 'c'), ['5 started', null])
})

t.test('what is left at the end of a log belongs to it', async (t) => {
  const [last] = await collect(callsOf('b'))
  const transcript: GrowingTranscript = { ...callsOf('a'), end: () => (last ? [{ ...last, seq: 2 }] : []) }
  const { entries } = await pageOf(transcript, { after: 0, limit: 9 }, true, () => false)
  t.same(
    entries.map(({ seq }) => seq),
    [1, 2],
  )
})

t.test('nothing more is read where nobody waits', async (t) => {
  const { entries } = await pageOf(callsOf('a', 'b', 'c'), { after: 0, limit: 9 }, true, () => true)
  t.same(entries, [])
})

t.test('errors have their kind, and the time at which a limit ends', async (t) => {
  const { page } = await setUp(t, stream('codex-plain-quota.log'))
  t.match((await page()).entries, [{ kind: 'error', error: 'quota', retrying: false, until: null }])
})

t.test('a time at which a limit ends is told as one', async (t) => {
  const error = { kind: 'error', error: 'quota', text: 'x', retrying: false, until: 1000 } as const
  t.match(entryOf({ ...error, seq: 1, offset: 2 }), { until: '1970-01-01T00:00:01.000Z' })
})

t.test('noise, halves and what is too long are read over', async (t) => {
  const { page } = await setUp(t, `${'x'.repeat(3_000_000)}\n\u0000\n{"type":`)
  t.same((await page()).entries, [])
})

t.test('what cannot be told is said so', async (t) => {
  const { ask, begin, url } = await setUp(t, null)
  const refusals: [Response, number, string][] = [
    [await ask(), 404, 'LOOPER_LOG_NOT_FOUND'],
    [await ask('?follow=1'), 404, 'LOOPER_LOG_NOT_FOUND'],
    [await fetch(`${url}/runs/nobody/transcript`), 404, 'LOOPER_RUN_NOT_FOUND'],
    [await ask('?limit=0'), 400, 'LOOPER_FIELD_INVALID'],
    [await ask('?after=-1'), 400, 'LOOPER_FIELD_INVALID'],
    [await ask('?follow=1', { 'last-event-id': 'x' }), 400, 'LOOPER_FIELD_INVALID'],
  ]
  begin('strange', '', 'gone-agent')
  refusals.push([await fetch(`${url}/runs/strange/transcript`), 400, 'LOOPER_AGENT_UNKNOWN'])
  for (const [response, status, code] of refusals) {
    t.equal(response.status, status, code)
    t.match(await response.text(), code)
  }
})
