import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { killService } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'
import { setUpSpender, spend, spendOn } from '../helpers/spender.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const ID = '01a21b2b-d87f-73f1-8df0-75f98c0af044'

t.test('a run is stopped within one step of its budget, with all that it started', async (t) => {
  const { run, ended, workspace } = await setUpSpender(t)
  const steps = () => textOf(path.join(workspace, 'steps')).trim().split('\n').length
  const tokens = await run(`setsid sleep 300 & ${spendOn(spend(100))}`, { max_tokens: 250 })
  const end = await ended(tokens.runId)
  t.match(end, {
    outcome: 'over_budget',
    failed: true,
    cause: /^it used [34]00 of 250 tokens$/,
    remedy: /^Resume it with a larger budget/,
    max_tokens: 250,
    max_cost_usd: null,
  })
  t.ok(steps() <= 4, `${steps()} steps`)
  t.same(carriers(tokens.runId), [])

  const dollars = await run(spendOn(spend(1, 0.1)), { max_cost_usd: '0.25' })
  t.match(await ended(dollars.runId), {
    outcome: 'over_budget',
    cause: /^it used \$0\.[34]0 of \$0\.25$/,
    max_tokens: null,
    max_cost_usd: 0.25,
  })
  const hostile = [spend(-5), spend('1e300'), spend('NaN'), spend('"9"'), spend('12345678901234567890')]
  const quiet = await run(`${hostile.join(';')};${spend(99)}`, { max_tokens: 100 })
  t.match(await ended(quiet.runId), { outcome: 'exited', return_code: 0 })
  const hidden = await run(`${hostile.join(';')};${spendOn(spend(100))}`, { max_tokens: 100 })
  t.match(await ended(hidden.runId), { outcome: 'over_budget', cause: /^it used [12]00 of 100 tokens$/ })
  const last = await run(spend(100), { max_tokens: 100 })
  t.match(await ended(last.runId), {
    outcome: 'over_budget',
    return_code: 0,
    cause: 'it used 100 of 100 tokens',
  })
})

t.test('a budget that nobody could keep is refused before anything happens', async (t) => {
  const { run, recordOf, ended, zulip } = await setUpSpender(t)
  const live = await run('sleep 300')
  const told = zulip.messages.length
  const unknown = { status: 400, body: { code: 'LOOPER_BUDGET_UNKNOWN' } }
  t.match(await run('true', { agent: 'codex', max_cost_usd: 1 }), unknown)
  t.match(await run('true', { agent: 'teller', max_cost_usd: 1 }), unknown)
  t.match(await run('true', { agent: 'mute', max_tokens: 1 }), unknown)
  t.match(await run('true', { max_tokens: 'x' }), {
    body: { error: "'max_tokens' must be a whole number of tokens, 0 or more" },
  })
  for (const bad of [{ max_tokens: -1 }, { max_tokens: 1.5 }, { max_tokens: '1e3' }, { max_cost_usd: 1e12 }])
    t.match(await run('true', bad), { status: 400, body: { code: 'LOOPER_FIELD_INVALID' } })
  t.equal(zulip.messages.length, told)
  t.equal((await recordOf(live.runId)).outcome, null)
  // One that turns out not to tell what it costs.
  const unpriced = await run(spendOn(spend(1)), { max_cost_usd: 1 })
  t.match(await ended(unpriced.runId), {
    outcome: 'over_budget',
    cause: /does not tell what its model costs/,
  })
})

t.test('the budget of the settings holds where a request says nothing, also after a crash', async (t) => {
  const { run, recordOf, ended, service, restart, workspace } = await setUpSpender(t, {
    LOOPER_RUN_MAX_TOKENS: '1000',
    LOOPER_RUN_MAX_COST_USD: '5',
  })
  const free = await run(spend(2000, 0), { max_tokens: 0 })
  t.match(await ended(free.runId), { outcome: 'exited', max_tokens: null, max_cost_usd: 5 })
  const mute = await run('true', { agent: 'mute', max_cost_usd: 0 })
  t.match(await ended(mute.runId), { outcome: 'exited', max_tokens: null, max_cost_usd: null })

  const script = `${spend(600, 0.1)}; until [ -e go ]; do sleep 0.05; done; ${spend(600, 0.1)}; exec sleep 300`
  const { runId } = await run(script)
  await until('it is known what it used', async () => (await recordOf(runId)).usage?.total === 600)
  await killService(service)
  const next = await restart({ LOOPER_RUN_MAX_TOKENS: '' })
  writeFileSync(path.join(workspace, 'go'), '')
  t.match(await ended(runId, next), { outcome: 'over_budget', cause: 'it used 1,200 of 1,000 tokens' })
})

t.test("codex is stopped by what its own session notes, without the session's earlier runs", async (t) => {
  const home = `${t.testdirName}/codex-home`
  const { run, ended, recordOf } = await setUpSpender(t, { CODEX_HOME: home })
  const rollout = `${home}/sessions/2026/11/27/rollout-1-${ID}.jsonl`
  const note = (input: number) =>
    `printf '{"timestamp":"%s","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":${input},"output_tokens":0}}}}\\n' "$(date -u +%FT%T.%3NZ)" >>${rollout}`
  const begin = `echo OpenAI Codex v0.169.0; echo session id: ${ID}; echo; echo user`
  const first = await run(`mkdir -p ${path.dirname(rollout)}; ${begin}; ${note(5000)}`, { agent: 'codex' })
  t.match(await ended(first.runId), { outcome: 'exited', session_id: ID, usage: null })
  const again = { agent: 'codex', resume: first.runId, max_tokens: 1000 }
  const second = await run(`${begin}; ${note(5600)}; sleep 1; ${note(6100)}; exec sleep 300`, again)
  t.match(await ended(second.runId), { outcome: 'over_budget', cause: 'it used 1,100 of 1,000 tokens' })
  t.match(await recordOf(second.runId), { usage: { input: 1100, output: 0, total: 1100 }, tokens_used: 1100 })
})

t.test('claude and opencode are stopped within one step, too, by what they tell of each', async (t) => {
  const dir = t.testdirName
  const program = `${dir}/bin/agent`
  const home = `${dir}/claude-home`
  const { run, ended } = await setUpSpender(t, {
    LOOPER_CLAUDE_BINARY: program,
    LOOPER_OPENCODE_BINARY: program,
    CLAUDE_CONFIG_DIR: home,
  })
  // An answer has a line for each of its parts, each with the usage of the whole.
  const answer = `{"type":"assistant","timestamp":"%s","requestRef":"r%s","message":{"id":"m","usage":{"input_tokens":90,"cache_creation_input_tokens":5,"cache_read_input_tokens":700,"output_tokens":5}}}\\n`
  const note = `for part in 1 2; do printf '${answer}' "$(date -u +%FT%T.%3NZ)" $i >>${home}/projects/repo/${ID}.jsonl; done`
  const begin = `mkdir -p ${home}/projects/repo; echo '{"type":"system","subtype":"init","session_id":"${ID}"}'`
  const claude = await run(`${begin}; ${spendOn(note)}`, { agent: 'claude', max_tokens: 250 })
  t.match(await ended(claude.runId), {
    outcome: 'over_budget',
    cause: /^it used [34]00 of 250 tokens$/,
    session_id: ID,
  })

  const tokens = '{"total":810,"input":90,"output":10,"reasoning":0,"cache":{"write":0,"read":710}}'
  const step = `echo '{"type":"step_finish","sessionID":"ses_0001","part":{"type":"step-finish","tokens":${tokens},"cost":0.1}}'`
  for (const [budget, cause] of [
    [{ max_tokens: 250 }, /^it used [34]00 of 250 tokens$/],
    [{ max_cost_usd: 0.25 }, /^it used \$0\.[34]0 of \$0\.25$/],
  ] as const) {
    const opencode = await run(spendOn(step), { agent: 'opencode', ...budget })
    t.match(await ended(opencode.runId), { outcome: 'over_budget', cause })
  }
})
