import { appendFileSync, chmodSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { claudeNotes } from '../../src/agents/claude/notes.ts'
import { codexNotes } from '../../src/agents/codex/notes.ts'
import { NOTHING_SAID, usedBy, withNoted } from '../../src/agents/said.ts'
import { followNotes, type UsageNotes } from '../../src/agents/usage-notes.ts'

const ID = '01a21b2b-d87f-73f1-8df0-75f98c0af044'
const BEGAN = Date.parse('2026-11-27T04:00:00.000Z')
const EARLIER = '2026-11-27T03:59:00.000Z'
const LATER = '2026-11-27T04:00:01.000Z'

const line = (fields: object) => `${JSON.stringify(fields)}\n`

/** As codex 0.169 notes it. */
const total = (timestamp: unknown, input: unknown, cached: unknown, output: unknown) =>
  line({
    timestamp,
    type: 'event_msg',
    payload: {
      type: 'token_count',
      info: {
        total_token_usage: { input_tokens: input, cached_input_tokens: cached, output_tokens: output },
        last_token_usage: { input_tokens: 1, output_tokens: 1 },
      },
    },
  })

/** As Claude Code 2.1 notes it. */
const answer = (timestamp: string, requestRef: string, used: object, more: object = {}) =>
  line({ type: 'assistant', timestamp, requestRef, message: { id: 'msg', usage: used }, ...more })

const USED = {
  input_tokens: 100,
  cache_creation_input_tokens: 5,
  cache_read_input_tokens: 60,
  output_tokens: 20,
}

function setUp(test: Test, where: string, notes: UsageNotes, name: string) {
  const home = test.testdir({})
  const file = path.join(home, where)
  mkdirSync(path.dirname(file), { recursive: true })
  const look = followNotes(notes, () => ({ [name]: home, HOME: home }), BEGAN)
  return { file, write: (text: string) => appendFileSync(file, text), look: () => look(ID) }
}

const ROLLOUT = `sessions/2026/11/27/rollout-2026-11-27T03-00-00-${ID}.jsonl`
const codex = (test: Test) => setUp(test, ROLLOUT, codexNotes, 'CODEX_HOME')
const claude = (test: Test) => setUp(test, `projects/-repo/${ID}.jsonl`, claudeNotes, 'CLAUDE_CONFIG_DIR')

t.test("what codex notes is this run's, without what its session had used before", async (t) => {
  const { write, look } = codex(t)
  t.equal(look(), null, 'it is not there yet')
  write(
    line({ type: 'session_meta', payload: { id: ID } }) +
      total(5, 4000, 0, 400) +
      total(EARLIER, 5000, 1000, 500),
  )
  t.equal(look(), null)
  write(total(LATER, 6000, 1200, 550))
  t.same(look(), { input: 800, cached: 200, output: 50, total: 850 })
  t.same(look(), { input: 800, cached: 200, output: 50, total: 850 }, 'nothing new')
  write(total(LATER, 6000, 1200, 550))
  t.same(look(), { input: 800, cached: 200, output: 50, total: 850 }, 'told twice')
  write(total(EARLIER, 7000, 1200, 600).slice(0, -5))
  t.match(look(), { total: 850 }, 'half a line')
  write(total(EARLIER, 7000, 1200, 600).slice(-5))
  t.same(look(), { input: 1800, cached: 200, output: 100, total: 1900 }, 'the clock was set back')
})

t.test('what nobody can have used does not count, and numbers that shrink begin anew', async (t) => {
  const { write, look } = codex(t)
  write(total(LATER, 100, 0, 10))
  write(`{"token_count"\n${line({ payload: { type: 'token_count' } }).repeat(2)}`)
  write('not json "token_count"\n{"a":"token_count"}\n')
  for (const bad of [-1, 1e300, Number.NaN, '5', null, 1.5, 2 ** 70])
    write(total(LATER, bad, 0, 10) + total(LATER, 100, 0, bad))
  write(total('soon', 50, 0, 5) + total(LATER, 60, null, 6))
  t.same(look(), { input: 110, cached: 0, output: 11, total: 121 })
})

t.test('what Claude Code notes counts once an answer, and that of its subagents', async (t) => {
  const { file, write, look } = claude(t)
  write(line({ type: 'assistant', timestamp: 5, message: { id: 7, usage: {} } }))
  write(answer(EARLIER, 'a', USED) + line({ type: 'user', usage: USED }) + line({ type: 'summary' }))
  t.equal(look(), null)
  // One of several parts, each with the same usage.
  write(answer(LATER, 'b', USED) + answer(LATER, 'b', USED) + line({ type: 'assistant', message: 'usage' }))
  t.same(look(), { input: 105, cached: 60, output: 20, total: 125 })
  write(`{"usage"\n${line({ type: 'assistant', message: { usage: 1 } })}`)
  write(line({ type: 'assistant', timestamp: 5, message: { id: 7, usage: { input_tokens: 0 } } }))
  t.match(look(), { total: 125 })
  const beside = file.replace('.jsonl', '/subagents')
  mkdirSync(beside, { recursive: true })
  writeFileSync(`${beside}/agent-1.jsonl`, answer(LATER, 'c', { ...USED, output_tokens: 30 }))
  t.same(look(), { input: 210, cached: 120, output: 50, total: 260 })
  write(answer(EARLIER, 'd', { input_tokens: 1, output_tokens: 1 }))
  t.match(look(), { input: 211, output: 51, total: 262 })
})

t.test('a file that is not there is looked for less and less often', async (t) => {
  let looks = 0
  let found: string | null = null
  const find = () => {
    looks++
    return found
  }
  const look = followNotes({ find, read: codexNotes.read }, () => ({}), BEGAN)
  for (let count = 0; count < 640; count++) look(ID)
  t.ok(looks < 20, `${looks}`)
  found = path.join(t.testdir({ file: total(LATER, 1, 0, 1) }), 'file')
  for (let count = 0; count < 64; count++) look(ID)
  t.match(look(ID), { total: 2 })
})

t.test('a file that cannot be read, or was cut off, is no end of the run', async (t) => {
  const { file, write, look } = codex(t)
  write(total(LATER, 100, 0, 10))
  t.match(look(), { total: 110 })
  truncateSync(file)
  t.match(look(), { total: 110 })
  if (process.getuid?.() !== 0) chmodSync(file, 0)
  t.match(look(), { total: 110 })
  t.ok(existsSync(file))
  const broken = followNotes(
    { find: () => `${path.dirname(file)}/${'x'.repeat(300)}`, read: codexNotes.read },
    () => ({}),
    BEGAN,
  )
  t.equal(broken(ID), null)
  const nowhere = { HOME: `${file}/no-home` }
  for (const notes of [codexNotes, claudeNotes]) t.equal(notes.find(ID, nowhere), null)
  t.equal(followNotes({ find: () => path.dirname(file), read: codexNotes.read }, () => ({}), BEGAN)(ID), null)
})

t.test('the surer of what an agent tells and what it notes is what it used', async (t) => {
  const of = (total: number) => ({ input: null, cached: null, output: null, total })
  t.same(usedBy({ ...NOTHING_SAID, usage: of(5) }), of(5))
  t.same(usedBy({ ...NOTHING_SAID, noted: of(5) }), of(5))
  t.same(usedBy({ ...NOTHING_SAID, usage: of(7), noted: of(5) }), of(7))
  t.same(usedBy({ ...NOTHING_SAID, usage: of(5), noted: of(7) }), of(7))
  const session = { ...NOTHING_SAID, usage: of(900), sessionUsage: of(900), noted: of(5) }
  t.same(usedBy(session), of(5), 'a session may hold more than is known')
  const so = { ...NOTHING_SAID, noted: of(5) }
  t.equal(withNoted(so, of(5)), so)
  t.equal(withNoted(so, null), so)
  t.match(withNoted(so, of(6)), { noted: { total: 6 } })
})
