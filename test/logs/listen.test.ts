import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { readOwnEvents } from '../../src/agents/command/own-events.ts'
import type { Said } from '../../src/agents/said.ts'
import { systemClock } from '../../src/base/clock.ts'
import { listen } from '../../src/logs/listen.ts'
import { PROJECT, until } from '../helpers/service.ts'

const HEADER = 'header\n'
const say = (event: object) => `${JSON.stringify(event)}\n`

/** Somebody who listens to a log that the test writes. */
function setUp(test: Test, clock = systemClock) {
  const logPath = path.join(test.testdir(), 'run.log')
  writeFileSync(logPath, HEADER)
  const complete = new AbortController()
  const told: Said[] = []
  const heard = listen({
    logPath,
    from: HEADER.length,
    reader: readOwnEvents(),
    before: null,
    clock,
    told: (so) => told.push(so),
    complete: complete.signal,
  })
  const end = () => {
    complete.abort()
    return heard
  }
  return { logPath, told, end }
}

t.test('a session is told as soon as it is known, and all that was said at the end', async (t) => {
  const { logPath, told, end } = setUp(t)
  appendFileSync(logPath, say({ kind: 'session', id: 's-1' }))
  await until('it is told', () => told.length > 0)
  t.match(told, [{ sessionId: 's-1', reply: null }])
  appendFileSync(logPath, say({ kind: 'text', text: 'One.' }) + say({ kind: 'text', text: 'Two.' }).trimEnd())
  t.match(await end(), { sessionId: 's-1', reply: 'Two.' })
  t.equal(told.length, 1)
})

t.test('what else is said is told from time to time', async (t) => {
  let ms = 0
  const clock = { ...systemClock, monotonic: () => ms }
  const { logPath, told, end } = setUp(t, clock)
  appendFileSync(logPath, say({ kind: 'text', text: 'One.' }))
  ms = 5000
  await until('it is told', () => told.length > 0)
  t.match(told, [{ reply: 'One.' }])
  await end()
})

t.test('of what nobody could read in time, the last words are read', async (t) => {
  const { logPath, end } = setUp(t)
  writeFileSync(logPath, HEADER)
  truncateSync(logPath, 3_000_000_000)
  appendFileSync(logPath, `\n${say({ kind: 'text', text: 'The end.' })}`)
  const began = Date.now()
  t.match(await end(), { reply: 'The end.' })
  t.ok(Date.now() - began < 5000)
  rmSync(logPath)
})

t.test('a log that is gone says no more, and one that cannot be read is an error at the end', async (t) => {
  const { logPath, end } = setUp(t)
  rmSync(logPath)
  t.match(await end(), { reply: null, sessionId: null })
  const closed = setUp(t)
  rmSync(closed.logPath)
  mkdirSync(closed.logPath)
  t.match(await closed.end(), { reply: null })
  const complete = new AbortController()
  const heard = listen({
    logPath: `/${'x'.repeat(300)}`,
    from: 0,
    reader: codex.read(),
    before: null,
    clock: systemClock,
    told: () => undefined,
    complete: complete.signal,
  })
  complete.abort()
  await t.rejects(heard, { code: 'ENAMETOOLONG' })
})

t.test('the tokens of a resumed session are those of this run alone', async (t) => {
  const log = path.join(t.testdir(), 'run.log')
  const stream = readFileSync(path.join(PROJECT, 'test/fixtures/streams/codex-plain-resume.log'))
  writeFileSync(log, stream)
  const totalOf = async (total: number | null) => {
    const complete = AbortSignal.abort()
    const before = total === null ? null : { input: null, cached: null, output: null, total }
    const reader = codex.read()
    const { usage } = await listen({
      logPath: log,
      from: 0,
      reader,
      before,
      clock: systemClock,
      told: () => undefined,
      complete,
    })
    return usage?.total ?? 0
  }
  const all = await totalOf(null)
  t.ok(all > 1)
  t.equal(await totalOf(1), all - 1)
})
