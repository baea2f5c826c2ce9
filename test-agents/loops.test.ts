import { execFileSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { Value } from 'typebox/value'
import { OneLoop, RoundList } from '../src/triggers/loop/schemas.ts'
import { stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService, until } from '../test/helpers/service.ts'
import { startLoopbackAgents } from './loopback-agents.ts'

/** On a busy machine codex takes half a minute to its first answer. */
const LIMIT_MS = 120_000
const REMEMBERED = 'The parser is in src/parse.c.'

t.test(
  'ten rounds of codex: a memory by its tool, changes of its work tree, and a check that ends them',
  async (t) => {
    const { dir, settings, asked } = await startLoopbackAgents(t)
    const workspace = path.join(dir, 'codex')
    execFileSync('git', ['init', '-q', workspace])
    const service = await startTestService(path.join(dir, 'logs'), {
      ...settings,
      LOOPER_AGENT_TOOLS: '1',
      LOOPER_ALLOWED_EXECUTABLES: 'sh',
    })
    t.teardown(() => stopSurely(service))
    const ask = async (at: string, body?: object) => {
      const headers = { 'content-type': 'application/json' }
      const posted = body && { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await fetch(`${service.url}/loops/ten${at}`, posted)
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(text)
      return JSON.parse(text)
    }
    const look = async () => Value.Parse(OneLoop, await ask('')).loop

    // Round 2 calls the tool, and each of the others writes a line.
    const what = {
      agent: 'codex',
      user: 'RUN: echo more >>done',
      verify: "sh -c 'test $(wc -l <done) -ge 9'",
      workspace,
    }
    await ask('', { ...what, interval_seconds: 3600 })
    await ask('/start', {})
    await until('the end of round 1', async () => (await look()).used.iterations === 1, LIMIT_MS)
    await ask('/hint', { hint: `CALL: remember ${JSON.stringify({ text: REMEMBERED })}` })
    await ask('', { ...what, interval_seconds: 0 })
    await ask('/skip', {})
    await until('its end', async () => (await look()).state === 'ended', 10 * LIMIT_MS)

    t.match(await look(), { cause: 'verified', iteration: 10, why: 'the check passed' })
    const { rounds } = Value.Parse(RoundList, await ask('/rounds?limit=20'))
    const told = rounds.toReversed()
    t.same(
      told.map(({ iteration, error, verdict, changed }) => [iteration, error, verdict, changed]),
      Array.from({ length: 10 }, (_, index) => [
        index + 1,
        null,
        index === 9 ? 'verified' : 'refuted',
        index !== 1,
      ]),
    )
    const prompts = told.map(({ prompt }) => String(prompt))
    t.match(prompts[1], /CALL: remember/)
    const memory = `## Persistent Memory\n${REMEMBERED}`
    t.notOk(prompts.slice(0, 2).some((prompt) => prompt.includes(memory)))
    t.ok(prompts.slice(2).every((prompt) => prompt.includes(memory) && !prompt.includes('CALL')))
    t.ok(asked('codex').some((text) => text.includes(REMEMBERED) && text.includes('Iteration: 3')))
    t.match(await ask('/memory/versions?memory=persistent'), {
      versions: [{ by: 'agent', round_id: told[1]?.round_id }],
    })
    for (const { tokens } of told) t.ok(tokens > 0)
  },
)
