import { renameSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { runsOf } from '../../helpers/fault-service.ts'
import { COUNTING, iterations, setUpLoops } from '../../helpers/loop-service.ts'
import { carriers } from '../../helpers/processes.ts'
import { until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('a loop runs its agent again and again until its rounds are used up', async (t) => {
  const { define, act, untilIs, look, rounds, lines, service, ask } = await setUpLoops(t, COUNTING)
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
  const { define, act, rounds, lines } = await setUpLoops(t, script)
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

t.test('a loop ends when its check passes, or its agent says that all is done', async (t) => {
  const { define, act, untilIs, look, rounds } = await setUpLoops(t, COUNTING, {
    LOOPER_ALLOWED_EXECUTABLES: 'test',
  })
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
  const { define, act, untilIs, look, rounds, workspace } = await setUpLoops(t, 'say same')
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
  const { define, act, ask, untilIs, rounds, file, lines, look } = await setUpLoops(t, script)
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
  const { define, ask } = await setUpLoops(t, 'exit 0')
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
