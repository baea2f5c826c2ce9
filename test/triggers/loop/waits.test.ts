import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { runsOf } from '../../helpers/fault-service.ts'
import { COUNTING, SCRIPT, setUpLoops } from '../../helpers/loop-service.ts'
import { callTool, connectMcp } from '../../helpers/mcp.ts'
import { carriers } from '../../helpers/processes.ts'
import { textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const SESSION = '00000000-0000-7000-8000-000000000001'

t.test('a loop waits for its usage limit, its slot and its workspace', async (t) => {
  const { define, act, untilIs, look, rounds, lines, file, service, run } = await setUpLoops(t, COUNTING)
  const limit = 'echo "ERROR: You\'ve hit your usage limit. Try again in 10 minutes."; exit 1'
  await define('one', { user: `[ -e go ] || { ${limit}; }; ${SCRIPT}`, max_iterations: 2 })
  await act('one', 'start')
  await untilIs('one', 'paused')
  t.match(await look('one'), { cause: 'quota', iteration: 1, used: { same_failures: 0 } })
  writeFileSync(file('go'), '')
  await fetch(`${service().url}/holds/codex/release`, { method: 'POST' })
  await untilIs('one', 'ended')
  t.match(await look('one'), { cause: 'iterations' })
  t.match((await rounds('one')).rounds, [{ error: null }, { error: /usage limit/ }])

  const slow = 'sleep 300; echo'
  const beside = await run(slow, { slot: 'loop/one', workspace: '/' })
  await act('one', 'start')
  await untilIs('one', 'running')
  t.match(await act('one', 'stop'), { state: 'ended', cause: 'stopped' })
  t.match((await rounds('one')).rounds[0], { run_id: null, error: 'somebody stopped it' })
  t.equal(carriers(beside.runId).length, 2, 'what else runs there is not its own')
  await run(slow, { slot: 'other' })
  await define('two', { max_iterations: 1 })
  await act('two', 'start')
  await untilIs('two', 'running')
  await run('', { slot: 'other' })
  await untilIs('two', 'ended')
  t.equal(lines('runs').length, 2)
})

t.test('what somebody wants while a round is being prepared counts when that is over', async (t) => {
  const loops = await setUpLoops(t, COUNTING, { LOOPER_ALLOWED_EXECUTABLES: 'sh' })
  const { define, act, untilIs, look, file } = loops
  const gate = 'touch asked; until [ -e go ]; do sleep 0.05; done; rm go; exit 75'
  await define('one', { gate })
  await act('one', 'start')
  await until('the gate runs', () => existsSync(file('asked')))
  await act('one', 'pause')
  writeFileSync(file('go'), '')
  await untilIs('one', 'paused')
  t.match(await look('one'), { cause: 'asked' })
})

t.test('a start while a loop is being stopped begins it anew when that is done', async (t) => {
  const stubborn = '[ -e again ] || { touch again; trap "" TERM; while :; do sleep 0.05; done; }'
  const { define, act, look, untilIs, lines, file } = await setUpLoops(t, `${stubborn}; ${COUNTING}`)
  await define('one', { max_iterations: 1 })
  await act('one', 'start')
  await until('its agent is there', () => existsSync(file('again')))
  const stopping = act('one', 'stop')
  await until('it is being stopped', async () => (await look('one')).wish === 'stop')
  t.match(await act('one', 'start'), { state: /starting|running/, cause: null, wish: null })
  await stopping
  await untilIs('one', 'ended')
  t.match(await look('one'), { cause: 'iterations' })
  t.equal(lines('runs').length, 1)
})

t.test('loops in one workspace take turns, and say what they wait for', async (t) => {
  const script = 'until [ -e go ]; do sleep 0.05; done; say same'
  const { define, act, look, untilIs, lines, file } = await setUpLoops(t, script)
  const names = ['a', 'b', 'c']
  for (const name of names) {
    await define(name, { user: `echo ${name} >>order; ${SCRIPT}`, max_iterations: 3 })
    await act(name, 'start')
    if (name === 'a') await until('it runs', async () => (await look(name)).run_id !== null)
    else await until('it says why it waits', async () => (await look(name)).why !== null)
  }
  t.match((await look('b')).why, /works in/)
  t.match((await look('c')).why, /other loops/)
  writeFileSync(file('go'), '')
  for (const name of names) await untilIs(name, 'ended')
  t.same(lines('order'), [...names, ...names, ...names])
})

/** A loop whose round is parked until people answer. */
async function setUpParked(t: Test) {
  const home = path.join(t.testdirName, 'codex-home')
  const sessions = path.join(home, 'sessions/2026/11/25')
  const session = `echo "OpenAI Codex v0.169.0"; echo "session id: ${SESSION}"; mkdir -p ${sessions}; echo >${sessions}/rollout-1-${SESSION}.jsonl`
  const waits = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; exec sleep 300'
  const settings = { LOOPER_AGENT_TOOLS: '1', CODEX_HOME: home }
  const loops = await setUpLoops(t, `${session}; ${waits}`, settings)
  const { define, act, ask, file, service } = loops
  await define('one', { max_iterations: 1 })
  await act('one', 'start')
  await until('its token', () => textOf(file('token')) !== '')
  await until('its session', async () => (await runsOf(service()))[0]?.session_id === SESSION)
  const client = await connectMcp(t, service().url, textOf(file('token')))
  await callTool(client, 'ask', { question: 'Which port?', park: true })
  await until('it is parked', async () => (await runsOf(service()))[0]?.outcome === 'parked')
  t.match((await ask('/one')).body.loop, { state: 'running', iteration: 1 })
  const { asks } = JSON.parse(await (await fetch(`${service().url}/asks?state=open`)).text())
  const [{ ask_id, digest }] = asks
  const answer = () =>
    fetch(`${service().url}/asks/${ask_id}/answer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ digest, answer: '80' }),
    })
  return { ...loops, answer }
}

t.test('a round lasts as long as people think about its question', async (t) => {
  const { untilIs, rounds, answer, service } = await setUpParked(t)
  t.equal((await answer()).status, 200)
  await untilIs('one', 'ended')
  const [latest, first] = await runsOf(service())
  t.match((await rounds('one')).rounds, [{ iteration: 1, run_id: latest?.run_id }])
  t.equal(first?.outcome, 'parked')
})

t.test('a loop that is stopped meanwhile wants no answer any more', async (t) => {
  const { act, rounds, answer, service } = await setUpParked(t)
  t.match(await act('one', 'stop'), { state: 'ended', cause: 'stopped' })
  t.equal((await answer()).status, 409)
  t.match(await runsOf(service()), [{ outcome: 'stopped', cause: 'loop one was stopped' }])
  t.equal((await runsOf(service())).length, 1)
  t.match((await rounds('one')).rounds, [{ error: 'loop one was stopped' }])
})

t.test('a loop goes on in the session of the round before; where that is gone, it begins one', async (t) => {
  const home = path.join(t.testdirName, 'codex-home')
  const { define, act, untilIs, rounds } = await setUpLoops(t, '', { CODEX_HOME: home })
  mkdirSync(path.join(home, 'sessions'), { recursive: true })
  const head = `OpenAI Codex v0.169.0\\nsession id: ${SESSION}\\nuser\\n\\ncodex\\n`
  const user = `printf "${head}# a\\ntokens used\\n7\\n# a\\n"; exit`
  await define('one', { user, session: 'continue', max_iterations: 3 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  const [third, second, first] = (await rounds('one')).rounds
  t.match([first?.error, third?.error], [null, null])
  t.match(second, {
    run_id: null,
    error: `cannot resume run ${first?.run_id}: its session ${SESSION} is gone`,
  })
})
