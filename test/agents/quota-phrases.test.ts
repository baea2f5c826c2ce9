import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { agentNamed } from '../../src/agents/agents.ts'
import { resetIn } from '../../src/agents/reset-words.ts'
import { loadConfig } from '../../src/config.ts'
import { quotaIn } from '../../src/runs/holds/quota-end.ts'
import { PROJECT } from '../helpers/service.ts'

/** What an agent prints where its usage limit is reached, and when it is reset: no zone means that of the machine. */
interface Phrase {
  readonly agent: string
  readonly says: string
  readonly reset?: string | null
  readonly after_minutes?: number
}

/** When all of them were said. */
const SAID = Date.parse('2026-11-25T12:00:00Z')
const MINUTE_MS = 60_000

const PHRASES: Phrase[] = readFileSync(path.join(PROJECT, 'test/fixtures/quota-phrases.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

const dir = t.testdir({ 'looper.json': '{"agents":{"spoken":{"argv":["spoken"],"output":"events"}}}' })
const { agents } = loadConfig({ LOOPER_CONFIG: 'looper.json' }, { projectDir: dir, home: dir })
const agentOf = (name: string) => {
  const agent = agentNamed(agents, name)
  if (!agent) throw new Error(`there is no ${name}`)
  return agent
}
const endOf = (name: string, output: string) => quotaIn(`${output}\n`, agentOf(name), { HOME: dir }, SAID)

for (const { agent, says, reset, after_minutes } of PHRASES) {
  t.test(`${agent}: ${says}`, async (t) => {
    const told = reset == null ? null : Date.parse(reset)
    const until = after_minutes === undefined ? told : SAID + after_minutes * MINUTE_MS
    t.same(endOf(agent, says), { until })
  })
}

t.test('what is no usage limit, or what the agent waits out by itself, is none', async (t) => {
  for (const [agent, says] of [
    ['codex', '{"type":"error","message":"Reconnecting... 1/5 (429 Too Many Requests)"}'],
    ['codex', 'ERROR: unexpected status 401 Unauthorized'],
    [
      'claude',
      '{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"error_status":429,"error":"rate_limit"}',
    ],
    ['claude', '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795800000}}'],
    ['claude', '{"type":"result","is_error":true,"result":"The context limit reached"}'],
    ['opencode', '{"type":"text","part":{"text":"usage limit reached"}}'],
    ['spoken', '{"kind":"error","text":"usage limit"}\n{"kind":"text","text":"It went on."}'],
  ] as const)
    t.equal(endOf(agent, says), null, says)
})

t.test('a reset that makes no sense is not known', async (t) => {
  for (const words of [
    'resets 13pm (UTC)',
    'resets 8:75pm (UTC)',
    'resets Foo 9 at 5pm (UTC)',
    'it will be reset soon',
    'reset in many hours',
    `reset in ${'9'.repeat(2000)} hours`,
  ])
    t.equal(resetIn(words, SAID), null, words)
  t.equal(resetIn('resets 8pm (Nowhere/Else)', SAID), resetIn('resets 8pm', SAID), 'the zone of the machine')
  t.equal(resetIn('resets Nov 20 at 5pm (UTC)', SAID), Date.parse('2027-11-20T17:01Z'), 'the next one')
  t.equal(resetIn('resets 12:00 pm (UTC)', SAID), Date.parse('2026-11-25T12:01Z'), 'this very minute')
  t.equal(resetIn('resets 11am (UTC)', SAID), Date.parse('2026-11-26T11:01Z'))
  t.equal(resetIn('try again in 1 day, 2 hours and 30 seconds', SAID), SAID + 26 * 3_600_000 + 31_000)
})
