import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { COUNTING, SCRIPT } from '../../../helpers/loop-service.ts'
import { carriers } from '../../../helpers/processes.ts'
import { setUpRunner } from '../../../helpers/runner-api.ts'
import { until } from '../../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const FIRST = {
  model: { providerID: 'codex', modelID: '' },
  system: /memory/,
  user: 'analyze and act',
  working: '',
  persistent: '',
  monitor: null,
  interval: 5000,
  maxIterations: 0,
  autoApprove: true,
}
const EMPTY = {
  running: false,
  iteration: 0,
  sessionID: null,
  lastOutput: '',
  monitorOutput: '',
  history: [],
}

t.test('before anybody made the loop, it is what Loop Runner begins with', async (t) => {
  const { state, history, post, ask } = await setUpRunner(t, COUNTING)
  const told = await state()
  t.same(told.state, EMPTY)
  t.match(told.config, FIRST)
  t.same(await history(), [])
  t.match(await post('stop'), { status: 200, body: { ok: true } }, 'there is nothing to stop')
  t.equal((await ask('/default')).status, 404, 'nothing was made')
})

t.test('any part of the configuration is merged, model and monitor whole', async (t) => {
  const { config, post, ask, state } = await setUpRunner(t, COUNTING, {
    LOOPER_ALLOWED_EXECUTABLES: 'true',
  })
  t.match((await post('config', {})).body, { ok: true, config: FIRST }, 'the first one makes it')
  t.match((await ask('/default')).body.loop, {
    state: 'idle',
    slot: 'loop/default',
    limits: { iterations: null, seconds: 86_400, unchanged: 5 },
  })
  const changed = await post('config', { user: 'look', interval: 1001, maxIterations: 7, autoApprove: true })
  t.match(changed.body.config, { ...FIRST, user: 'look', interval: 1001, maxIterations: 7 })
  t.match((await post('config', { system: '', persistent: 'P', working: 'W' })).body.config, {
    system: '',
    user: 'look',
    persistent: 'P',
    working: 'W',
  })
  t.match((await ask('/default')).body.loop.definition, { interval_seconds: 1.001, max_iterations: 7 })

  const { definition } = (await ask('/default')).body.loop
  await ask('/default', { ...definition, verify: 'true', max_seconds: 60, session: 'continue' })
  const { config: whole } = await state()
  t.equal((await config({ ...whole, user: 'all of it' })).status, 200)
  t.same((await ask('/default')).body.loop.definition, {
    ...definition,
    verify: 'true',
    max_seconds: 60,
    session: 'continue',
    user: 'all of it',
    monitor: null,
    monitor_interval_seconds: null,
  })
})

t.test('a configuration that is wrong is refused, and nothing is changed', async (t) => {
  const { api, post, state } = await setUpRunner(t, COUNTING)
  await post('config', { working: 'W' })
  const before = await state()
  const long = 'x'.repeat(65_537)
  for (const [wrong, error] of [
    [{ interval: '5' }, /'interval' must be a whole number/],
    [{ interval: 0.5 }, /'interval' must be a whole number/],
    [{ interval: -1 }, /'interval' must be >= 0/],
    [{ maxIterations: 1.5 }, /whole number/],
    [{ user: ' ' }, /'user' must be a text of more than spaces/],
    [{ user: null }, /'user'/],
    [{ model: null }, /'model' must be an object/],
    [{ model: { providerID: 7 } }, /model\/providerID/],
    [{ model: { providerID: 'nobody' } }, /'model' must name|no agent/],
    [{ monitor: 'date' }, /'monitor' must be an object/],
    [{ monitor: { command: 7 } }, /monitor/],
    [{ monitor: { command: 'date', interval: 5 } }, /'monitor.interval' must be >= 1000/],
    [{ monitor: { command: 'date', extra: 1 } }, /extra/],
    [{ autoApprove: false }, /'autoApprove' must be true/],
    [{ user: 'other', unknown: 1 }, /there is no field 'unknown'/],
    [{ user: 'other', persistent: 'a\0b' }, /persistent/],
    [[], /not a JSON object/],
    ['{', /not valid JSON/],
    ['', /not a JSON object/],
  ] as const) {
    const answer = await post('config', wrong)
    t.equal(answer.status, 400, JSON.stringify(wrong))
    t.match(answer.body, { ok: false, error, code: /^LOOPER_/ }, JSON.stringify(wrong))
  }
  t.match(await post('config', { user: 'other', working: 'no', monitor: { command: 'date' } }), {
    status: 403,
    body: { code: 'LOOPER_EXECUTABLE_FORBIDDEN' },
  })
  t.match(await post('config', { user: 'other', working: 'no', persistent: long }), {
    status: 413,
    body: { code: 'LOOPER_LOOP_MEMORY_TOO_LARGE' },
  })
  const text = { 'content-type': 'text/plain' }
  t.equal((await api('config', { body: '{"user":"x"}', headers: text })).status, 415)
  t.same(await state(), before)
})

t.test('memories are written whole, and emptied by nothing', async (t) => {
  const { post, state, dir } = await setUpRunner(t, COUNTING)
  for (const name of ['working', 'persistent'] as const) {
    t.match(await post(name, { [name]: 'one\ntwo' }), { status: 200, body: { ok: true } })
    t.equal((await state()).config[name], 'one\ntwo')
    t.equal(readFileSync(path.join(dir, `logs/loops/default/${name}.md`), 'utf8'), 'one\ntwo')
    await post(name, {})
    t.equal((await state()).config[name], '')
    await post(name, { [name]: 'again' })
    await post(name, { [name]: null })
    t.equal((await state()).config[name], '')
    for (const wrong of [{ [name]: 7 }, { text: 'x' }, 'x'])
      t.equal((await post(name, wrong)).status, 400, JSON.stringify(wrong))
  }
})

t.test('it starts, counts, keeps its history, and ends', async (t) => {
  const { config, post, state, history, untilRests, ask, service, api } = await setUpRunner(t, COUNTING)
  await config({ maxIterations: 3, persistent: '# remembered' })
  t.match(await post('start'), { status: 200, body: { ok: true } })
  await untilRests()
  const past = await history()
  t.match(past, [
    { iteration: 1, response: '# said 1' },
    { iteration: 2, response: '# said 2' },
    { iteration: 3, response: '# said 3', prompt: /# said 2/ },
  ])
  t.ok(past.every(({ error, timestamp }) => error === undefined && Math.abs(Date.now() - timestamp) < 60_000))
  t.match((await state()).state, { running: false, iteration: 3, lastOutput: '# said 3', history: past })
  t.match((await ask('/default')).body.loop, { cause: 'iterations' })

  await config({ maxIterations: 1 })
  await post('start', { ignored: true })
  await until('a second start is counted from 1', async () => (await history()).length === 4)
  await untilRests()
  t.match((await history()).at(-1), { iteration: 1, prompt: /## Previous Response\n# said 3/ })
  for (const what of ['state', 'history', 'events'])
    t.match(await api(what, { method: 'DELETE' }), { status: 405, body: { ok: false } })
  t.match(await api('else'), { status: 404, body: { code: 'LOOPER_NOT_FOUND' } })
  t.match(await fetch(`${service().url}/loops/default/rounds`), { status: 200 })
})

t.test('a start without a word makes it, and begins', async (t) => {
  const { post, history, ask } = await setUpRunner(t, COUNTING)
  t.match(await post('start'), { status: 200, body: { ok: true } })
  t.match((await ask('/default')).body.loop.definition, { user: 'analyze and act', agent: 'codex' })
  await until('an iteration is over', async () => (await history()).length > 0)
  t.match((await history())[0]?.prompt, /## Current Task\nanalyze and act\n/)
  await post('stop')
})

t.test('what cannot start says so', async (t) => {
  const { config, post, ask, listen } = await setUpRunner(t, COUNTING)
  await config({})
  const { definition } = (await ask('/default')).body.loop
  await ask('/default', { ...definition, workspace: '/nowhere/at/all' })
  const { seen, untilSeen } = await listen()
  t.match(await post('start'), {
    status: 500,
    body: { ok: false, code: 'LOOPER_WORKSPACE_INVALID' },
  })
  await untilSeen('error')
  t.match(seen.at(-1), { type: 'error', message: /nowhere/ })
})

t.test('stop ends all of an iteration, and neither a start nor a stop gets lost in the other', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; sleep 300 & setsid sleep 300 & wait'
  const { config, post, state, lines, history } = await setUpRunner(t, script)
  await config()
  await post('start')
  t.equal((await state()).state.running, true)
  await until('its tree is there', () => carriers(lines('runs')[0] ?? 'none').length >= 3)
  t.match(await post('start'), { status: 200, body: { ok: true } }, 'it runs already')
  const began = Date.now()
  t.match(await post('stop'), { status: 200, body: { ok: true } })
  t.ok(Date.now() - began < 15_000, 'within seconds')
  t.same(carriers(lines('runs')[0] ?? 'none'), [])
  t.match(await history(), [{ iteration: 1, response: '', error: /stopped/ }])
  t.equal((await state()).state.running, false)
  t.equal(lines('runs').length, 1)
  await Promise.all([post('start'), post('stop')])
  t.equal((await state()).state.running, false, 'the stop came after the start')
  await post('start')
  await until('the next one is there', () => lines('runs').length >= 2)
  await Promise.all([post('stop'), post('start'), post('start')])
  t.equal((await state()).state.running, true, 'the start came after the stop')
  await post('stop')
})

t.test('stop wakes it from its wait; a restart forgets nothing', async (t) => {
  const { config, post, state, kill, history } = await setUpRunner(t, 'say once')
  await config({ interval: 3_600_000, user: SCRIPT, working: '# only now', persistent: '# always' })
  await post('start')
  await until('an iteration is over', async () => (await state()).state.history.length === 1)
  await kill()
  t.match(await state(), {
    state: { running: true, iteration: 1, lastOutput: '# once' },
    config: { interval: 3_600_000, persistent: '# always' },
  })
  await post('stop')
  t.equal((await state()).state.running, false)
  t.equal((await history()).length, 1)
})
