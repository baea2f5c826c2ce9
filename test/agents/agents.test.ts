import t from 'tap'
import { agentNamed, agentOnRecord, isRunOfAny } from '../../src/agents/agents.ts'
import { claude } from '../../src/agents/claude/claude.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import { completeAgent } from '../../src/agents/complete-agent.ts'
import { firstOf } from '../../src/base/first-of.ts'
import { loadConfig } from '../../src/config.ts'
import { streamBytes } from './recorded.ts'

const other = completeAgent(claude, {
  program: { name: 'claude', configured: null, builds: [] },
  installRemedy: 'Install it.',
  model: null,
  args: [],
})
const agents = { all: [codex, other], known: codex, standard: other }

t.test('an agent is found by its name; one that is gone is the one that callers know', async (t) => {
  t.equal(agentNamed(agents, 'claude'), other)
  t.equal(agentNamed(agents, 'nobody'), null)
  t.equal(agentOnRecord(agents, 'claude'), other)
  t.equal(agentOnRecord(agents, 'nobody'), codex)
  t.ok(isRunOfAny(agents)(['claude', '-p']))
  t.ok(isRunOfAny(agents)(['codex', 'exec']))
  t.notOk(isRunOfAny(agents)(['vi', 'claude']))
})

t.test('an agent tells in its own words why it failed, and when its limit ends', async (t) => {
  const output = (name: string) => streamBytes(name).toString()
  const limited = output('claude-429-subscription.jsonl')
  const until = other.limitedUntil(limited, {}, 0)
  t.type(until, 'number')
  t.match(other.failureOf(limited, {}, 0), { cause: /limit/, remedy: /^Wait until .*Z/ })
  t.equal(other.limitedUntil(output('claude-401.jsonl'), {}, 0), null)
  t.match(other.failureOf(output('claude-401.jsonl'), {}, 0), { cause: /\S/, remedy: /^Log claude in/ })
  t.equal(other.failureOf(output('claude-answer.jsonl'), {}, 0), null)
  t.equal(other.workspaceRefusal('/', '/bin/claude'), null)
  t.match(other.checkWorkspace('/w'), { state: 'ok', text: '/w' })
  t.equal(other.tokensUsed('tokens used\n1\n'), null)
})

t.test('LOOPER_AGENT names one that there is', async (t) => {
  const dir = t.testdir()
  const load = (LOOPER_AGENT: string) => loadConfig({ LOOPER_AGENT }, { projectDir: dir, home: dir })
  t.equal(load('claude').agents.standard.name, 'claude')
  t.equal(load('claude').agents.known.name, 'codex')
  t.throws(() => load('nobody'), /LOOPER_AGENT: "nobody" given, expected one of codex, claude, opencode/)
})

t.test('a list that must not be empty says so', async (t) => {
  t.throws(() => firstOf([]), /there is none/)
})
