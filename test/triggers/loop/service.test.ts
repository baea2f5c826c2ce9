import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { Value } from 'typebox/value'
import { messageOf } from '../../../src/base/errors.ts'
import type { LoopDefinition } from '../../../src/triggers/loop/loop.ts'
import { OneLoop, RoundList } from '../../../src/triggers/loop/schemas.ts'
import { killService, runsOf, setUpFault } from '../../helpers/fault-service.ts'
import { callTool, connectMcp } from '../../helpers/mcp.ts'
import { carriers } from '../../helpers/processes.ts'
import { PROJECT, textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const NO_WAIT = { interval_seconds: 0 }
/** What stands before it in the prompt is comments to the shell that plays the agent. */
const SCRIPT = 'exec /bin/sh ./agent.sh'
/** Says something as the agent does, comments to the shell of the next round, and how many tokens it took. */
const SAY =
  'say() { printf "OpenAI Codex v0.169.0\\nuser\\n\\ncodex\\n# %s\\ntokens used\\n7\\n# %s\\n" "$1" "$1"; }; '

/** A service whose agent is a script in the workspace, and loops of it. */
async function setUp(t: Test, script: string, settings: NodeJS.ProcessEnv = {}) {
  const fault = await setUpFault(t, settings)
  const { workspace } = fault
  writeFileSync(path.join(workspace, 'agent.sh'), SAY + script)
  let { service } = fault
  const ask = async (at: string, body?: object) => {
    const answer = await fetch(`${service.url}/loops${at}`, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }
  const loopIn = ({ body }: { readonly body: unknown }) => Value.Parse(OneLoop, body).loop
  const look = async (name: string) => loopIn(await ask(`/${name}`))
  const act = async (name: string, what: string, body: object = {}) => {
    const answer = await ask(`/${name}/${what}`, body)
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
    return loopIn(answer)
  }
  return {
    ...fault,
    ask,
    look,
    act,
    file: (name: string) => path.join(workspace, name),
    lines: (name: string) => textOf(path.join(workspace, name)).split('\n').slice(0, -1),
    define: async (name: string, more: Partial<LoopDefinition> = {}) =>
      loopIn(await ask(`/${name}`, { user: SCRIPT, workspace, ...NO_WAIT, ...more })),
    rounds: async (name: string, query = '') =>
      Value.Parse(RoundList, (await ask(`/${name}/rounds${query}`)).body),
    async untilIs(name: string, state: string) {
      let seen: unknown
      const is = async () => {
        seen = await look(name)
        return (await look(name)).state === state
      }
      await until(`loop ${name} is ${state}`, is).catch((error: unknown) => {
        throw new Error(`${messageOf(error)}: ${JSON.stringify(seen)}`)
      })
    },
    /** Kills the service, and starts its next life. */
    async kill() {
      if (service.child.signalCode === null) await killService(service)
      service = await fault.restart()
    },
    async stop() {
      await service.stop()
      service = await fault.restart()
    },
    service: () => service,
  }
}

const iterations = ({ rounds }: RoundList) => rounds.map(({ iteration }) => iteration)

t.test('a loop runs its agent again and again until its rounds are used up', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; say "said $(wc -l <runs)"'
  const { define, act, untilIs, look, rounds, lines, service, ask } = await setUp(t, script)
  t.same((await ask('')).body, { loops: [] }, 'there is none')
  t.match(await define('one', { max_iterations: 3, system: 'be brief' }), {
    state: 'idle',
    slot: 'loop/one',
    limits: { iterations: 3, seconds: 86_400, tokens: null, cost_usd: null, unchanged: 5, same_failures: 3 },
  })
  t.match(await act('one', 'start'), { state: /starting|running/ })
  await untilIs('one', 'ended')
  t.match(await look('one'), {
    state: 'ended',
    cause: 'iterations',
    why: '3 rounds are done',
    iteration: 3,
    used: { iterations: 3, tokens: 21 },
    last_output: '# said 3',
    next_round_at: null,
  })
  const told = await rounds('one')
  t.same(iterations(told), [3, 2, 1])
  t.match(told.rounds[0], { response: '# said 3', error: null, verdict: null })
  t.match(
    told.rounds[0]?.prompt,
    /^## Previous Response\n# said 2\n\n## Current Task\nexec .*\n\n---\nIteration: 3$/,
  )
  t.notMatch(told.rounds[2]?.prompt, 'Previous')
  t.same(lines('runs'), told.rounds.map(({ run_id }) => run_id).reverse())
  t.match(await runsOf(service()), [
    { trigger: 'loop', caller: 'one', slot: 'loop/one', name: 'Loop one, round 3' },
    {},
    {},
  ])
  const page = await rounds('one', '?limit=2')
  t.same(iterations(page), [3, 2])
  t.same(iterations(await rounds('one', `?limit=2&before=${page.next_before}`)), [1])
  t.same(
    (await ask('')).body.loops.map((one: { name: string }) => one.name),
    ['one'],
  )
  await act('one', 'start')
  await untilIs('one', 'ended')
  t.same(iterations(await rounds('one')), [3, 2, 1, 3, 2, 1], 'a second start keeps its history')
})

t.test('stop ends the whole tree and the loop, and wakes it from its wait', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; sleep 300 & setsid sleep 300 & wait'
  const { define, act, rounds, lines } = await setUp(t, script)
  await define('one')
  await act('one', 'start')
  await until('the tree is there', () => carriers(lines('runs')[0] ?? 'none').length >= 3)
  t.match(await act('one', 'start'), { state: 'running', iteration: 1 }, 'nothing begins twice')
  const began = Date.now()
  t.match(await act('one', 'stop'), { state: 'ended', cause: 'stopped', iteration: 1 })
  t.ok(Date.now() - began < 15_000)
  t.same(carriers(lines('runs')[0] ?? 'none'), [])
  t.match((await rounds('one')).rounds, [{ iteration: 1, error: 'loop one was stopped' }])
  t.match(await act('one', 'stop'), { state: 'ended' }, 'again')

  await define('two', { user: 'exit 0', interval_seconds: 3600 })
  await act('two', 'start')
  await until('it waits', async () => (await act('two', 'skip')).used.iterations > 1)
  await until('it waits', async () => (await act('two', 'resume')).state === 'waiting')
  t.match(await act('two', 'stop'), { state: 'ended', cause: 'stopped' })
})

t.test('a loop goes on after the service was killed, in each step of a round', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; until [ -e go ]; do sleep 0.05; done; rm go; say done'
  const { define, act, look, rounds, lines, file, kill, stop, untilIs } = await setUp(t, script)
  await define('one', { interval_seconds: 1, max_unchanged: 'unlimited', max_iterations: 4 })
  await act('one', 'start')
  const begun = (count: number) => until(`round ${count} runs`, () => lines('runs').length === count)
  await begun(1)
  await kill()
  t.match(await look('one'), { state: 'running', iteration: 1 })
  writeFileSync(file('go'), '')
  await until('the end of round 1', async () => (await look('one')).used.iterations === 1)
  await kill()
  await begun(2)
  writeFileSync(file('go'), '')
  await until('the end of round 2', async () => (await look('one')).used.iterations === 2)
  await begun(3)
  await stop()
  await until('it was ended with the service', async () => (await look('one')).used.iterations === 3)
  await begun(4)
  writeFileSync(file('go'), '')
  await untilIs('one', 'ended')
  const told = await rounds('one')
  t.same(iterations(told), [4, 3, 2, 1], 'the right numbers')
  t.same(lines('runs'), told.rounds.map(({ run_id }) => run_id).reverse(), 'nothing twice, nothing lost')
  t.match(told.rounds[1], { error: 'the service was shut down', response: null })
})

const KILL_AT = pathToFileURL(path.join(PROJECT, 'test/fixtures/kill-at.js'))
const COUNTING = 'echo "$LOOPER_RUN_ID" >>runs; say "said $(wc -l <runs)"'

for (const [at, when] of [
  ['INSERT INTO loop_rounds', 'before'],
  ['UPDATE loop_rounds', 'before'],
  ['INSERT INTO runs', 'before'],
  ['INSERT INTO runs', 'after'],
  ['UPDATE runs SET.*launched_at', 'before'],
  ['UPDATE runs SET.*launched_at', 'after'],
  ['UPDATE runs SET outcome', 'before'],
  ['UPDATE runs SET outcome', 'after'],
  ['UPDATE loop_rounds.*endedAt\\\\":[0-9]', 'before'],
] as const)
  t.test(`killed ${when} "${at}", a loop has each round once`, async (t) => {
    const settings = {
      KILL_AT: at,
      KILL_WHEN: when,
      KILL_ONCE: path.join(t.testdirName, 'logs/was-killed'),
      NODE_OPTIONS: `${process.env.NODE_OPTIONS} --import=${KILL_AT}`,
    }
    const { define, act, untilIs, rounds, lines, kill, service } = await setUp(t, COUNTING, settings)
    await define('one', { max_iterations: 2 })
    const killed = once(service().child, 'exit')
    await act('one', 'start').catch(() => undefined)
    t.same(await killed, [null, 'SIGKILL'])
    await kill()
    await untilIs('one', 'ended')
    const told = await rounds('one')
    t.same(iterations(told), [2, 1])
    t.same(lines('runs'), told.rounds.map(({ run_id }) => run_id).reverse())
    t.equal(told.rounds[0]?.response, '# said 2')
  })

t.test('a loop ends when its check passes, or its agent says that all is done', async (t) => {
  const { define, act, untilIs, look, rounds } = await setUp(t, COUNTING)
  const checked = { verify: 'test -e three', max_unchanged: 'unlimited' } as const
  await define('checked', { ...checked, user: '[ ! -e two ] || touch three; touch two; exec sh agent.sh' })
  await act('checked', 'start')
  await untilIs('checked', 'ended')
  t.match(await look('checked'), { cause: 'verified', iteration: 2 })
  t.match((await rounds('checked')).rounds, [{ verdict: 'verified' }, { verdict: 'refuted', error: null }])
  await define('said', { completion_word: '# said 4' })
  await act('said', 'start')
  await untilIs('said', 'ended')
  t.match(await look('said'), { cause: 'completed', iteration: 2 })
})

t.test('a loop that goes nowhere pauses, and can go on; time ends it', async (t) => {
  const { define, act, untilIs, look, rounds, workspace } = await setUp(t, 'say same')
  await define('circles', { max_unchanged: 2, max_seconds: 'unlimited' })
  await act('circles', 'start')
  await untilIs('circles', 'paused')
  t.match(await look('circles'), { cause: 'no_change', iteration: 3, limits: { seconds: null } })
  t.match(await act('circles', 'start'), { state: /running|waiting/, cause: null })
  await untilIs('circles', 'paused')
  t.match(await look('circles'), { cause: 'no_change', iteration: 5 })
  t.match(await act('circles', 'stop'), { state: 'ended', cause: 'stopped' })

  await define('failing', { user: 'exit 7' })
  await act('failing', 'start')
  await untilIs('failing', 'paused')
  t.match(await look('failing'), { cause: 'same_failure', iteration: 3, last_output: '' })
  t.match((await rounds('failing')).rounds[0], { error: 'the agent exited with 7' })
  renameSync(workspace, `${workspace}-gone`)
  await act('failing', 'resume')
  await untilIs('failing', 'paused')
  t.match((await rounds('failing')).rounds[0], { run_id: null, error: /workspace/ })
  renameSync(`${workspace}-gone`, workspace)

  await define('brief', { max_seconds: 1, interval_seconds: 1.5 })
  await act('brief', 'start')
  await untilIs('brief', 'ended')
  t.match(await look('brief'), { cause: 'time', iteration: 1 })
})

t.test('people pause a loop, let it go on, and give it hints', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; until [ -e go ]; do sleep 0.05; done; rm go; say done'
  const { define, act, ask, untilIs, rounds, file, lines, look } = await setUp(t, script)
  await define('one', { interval_seconds: 3600, session: 'continue' })
  t.match(await act('one', 'hint', { hint: '# look twice' }), { hint: '# look twice' })
  for (const what of ['pause', 'resume', 'skip'])
    t.match(await ask(`/one/${what}`, {}), { status: 409, body: { code: 'LOOPER_LOOP_NOT_RUNNING' } })
  await Promise.all([act('one', 'start'), act('one', 'start')])
  await untilIs('one', 'running')
  t.match(await act('one', 'pause'), { state: 'running', wish: 'pause', hint: '' })
  t.match(await act('one', 'resume'), { state: 'running', wish: null })
  t.match(await act('one', 'pause'), { wish: 'pause' })
  writeFileSync(file('go'), '')
  await untilIs('one', 'paused')
  t.match(await look('one'), { cause: 'asked', iteration: 1, last_output: '# done' })
  t.match((await rounds('one')).rounds[0]?.prompt, '## Hint (this iteration only)\n# look twice\n')
  t.match(await act('one', 'resume'), { state: /waiting|running/ })
  await until('round 2 runs', () => lines('runs').length === 2)
  writeFileSync(file('go'), '')
  await untilIs('one', 'waiting')
  t.match(await act('one', 'pause'), { state: 'paused', cause: 'asked' })
  await act('one', 'resume')
  await until('round 3 runs', () => lines('runs').length === 3)
  t.notMatch((await rounds('one')).rounds[0]?.prompt, 'Hint')
  t.match(await act('one', 'stop'), { state: 'ended' })
  t.match((await ask('/one/pause', {})).body.error, 'has ended')
})

t.test('what cannot be is refused, in words', async (t) => {
  const { define, ask } = await setUp(t, 'exit 0')
  t.match(await ask('/none/start', {}), { status: 404, body: { code: 'LOOPER_LOOP_NOT_FOUND' } })
  t.match(await ask('/Not%20a%20name', { user: 'x' }), { status: 400 })
  for (const wrong of [{}, { user: ' ' }, { user: 'x', max_iterations: 0 }, { user: 'x', unknown: 1 }])
    t.match(await ask('/one', wrong), { status: 400 }, JSON.stringify(wrong))
  t.match(await ask('/one'), { status: 404 }, 'nothing of it was kept')
  await define('one', { workspace: '/nowhere/at/all' })
  t.match(await ask('/one/start', {}), { body: { code: 'LOOPER_WORKSPACE_INVALID' } })
  await define('one', { agent: 'nobody' })
  t.match(await ask('/one/start', {}), { status: 400, body: { code: 'LOOPER_AGENT_UNKNOWN' } })
})

t.test('a loop waits for its usage limit, its slot and its workspace', async (t) => {
  const { define, act, untilIs, look, rounds, lines, file, service, run } = await setUp(t, COUNTING)
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

t.test('a round lasts as long as people think about its question', async (t) => {
  const waits = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; exec sleep 300'
  const script = `[ ! -e token ] || { say done; exit; }; ${waits}`
  const { define, act, ask, untilIs, rounds, file, service } = await setUp(t, script, {
    LOOPER_AGENT_TOOLS: '1',
  })
  await define('one', { max_iterations: 1 })
  await act('one', 'start')
  await until('its token', () => textOf(file('token')) !== '')
  const client = await connectMcp(t, service().url, textOf(file('token')))
  await callTool(client, 'ask', { question: 'Which port?', park: true })
  await until('it is parked', async () => (await runsOf(service()))[0]?.outcome === 'parked')
  t.match((await ask('/one')).body.loop, { state: 'running', iteration: 1 })
  const { asks } = JSON.parse(await (await fetch(`${service().url}/asks?state=open`)).text())
  const [{ ask_id, digest }] = asks
  await fetch(`${service().url}/asks/${ask_id}/answer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ digest, answer: '# 80' }),
  })
  await untilIs('one', 'ended')
  const [latest, first] = await runsOf(service())
  t.match((await rounds('one')).rounds, [{ iteration: 1, run_id: latest?.run_id, response: '# done' }])
  t.equal(first?.outcome, 'parked')
})

t.test('a loop goes on in the session of the round before; where that is gone, it begins one', async (t) => {
  const { define, act, untilIs, rounds } = await setUp(t, '')
  const session = '00000000-0000-7000-8000-000000000001'
  const head = `OpenAI Codex v0.169.0\\nsession id: ${session}\\nuser\\n\\ncodex\\n`
  const user = `printf "${head}# a\\ntokens used\\n7\\n# a\\n"; exit`
  await define('one', { user, session: 'continue', max_iterations: 3 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  const [third, second, first] = (await rounds('one')).rounds
  t.match([first?.error, third?.error], [null, null])
  t.match(second, {
    run_id: null,
    error: `cannot resume run ${first?.run_id}: its session ${session} is gone`,
  })
})
