import { writeFileSync } from 'node:fs'
import t from 'tap'
import { serverLogOf } from '../../../helpers/fault-service.ts'
import { COUNTING, SCRIPT } from '../../../helpers/loop-service.ts'
import { setUpRunner } from '../../../helpers/runner-api.ts'
import { until } from '../../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('what happens is told in the order that the page knows', async (t) => {
  const { config, post, listen, state, ask } = await setUpRunner(t, COUNTING)
  await config({ maxIterations: 2, system: 'be brief' })
  const { seen, types, untilSeen, headers, frames } = await listen()
  t.match(headers['content-type'], 'text/event-stream')
  t.same(seen, [{ type: 'connected', ...(await state()) }])
  await post('start')
  await untilSeen('stopped')
  const iteration = ['iteration', 'prompt', 'response', 'state']
  t.same(types(), ['connected', 'state', ...iteration, ...iteration, 'stopped'])
  t.match(seen[1], { state: { running: true, iteration: 0 } })
  t.match(seen.slice(2), [
    { type: 'iteration', iteration: 1 },
    { type: 'prompt', iteration: 1, prompt: /## Current Task/ },
    { type: 'response', iteration: 1, response: '# said 1' },
    {
      type: 'state',
      state: { running: true, iteration: 1, lastOutput: '# said 1', history: [{ iteration: 1 }] },
    },
    { type: 'iteration', iteration: 2 },
    { type: 'prompt', iteration: 2, prompt: /said 1/ },
    { type: 'response', iteration: 2, response: '# said 2' },
    { type: 'state', state: { running: false, iteration: 2, history: [{ iteration: 2 }] } },
    { type: 'stopped' },
  ])
  const last = seen.at(-2)
  t.equal(last?.type === 'state' && last.state.history.length, 1, 'the newest entry alone')
  t.ok(
    frames.every(({ event, id }) => ['', ':'].includes(event) && id === ''),
    'data alone',
  )

  await post('config', { user: 'changed', persistent: 'P' })
  await post('working', { working: 'W' })
  await post('persistent', {})
  await untilSeen('config', 3)
  t.match(seen.slice(-3), [
    { type: 'config', config: { user: 'changed', persistent: 'P', working: '' } },
    { type: 'config', config: { persistent: 'P', working: 'W' } },
    { type: 'config', config: { persistent: '', working: 'W' } },
  ])
  await post('working', { working: 'W' })
  await untilSeen('config', 4)
  await ask('/other', { user: SCRIPT })
  const { definition } = (await ask('/default')).body.loop
  await ask('/default', { ...definition, user: 'by another way' })
  await untilSeen('config', 5)
  t.match(seen.at(-1), { config: { user: 'by another way' } })
  t.equal(seen.length, 16, 'and nothing of other loops')
})

t.test(
  'memories and the monitor stand in the prompt, and what was sent of the working memory is cleared',
  async (t) => {
    const { config, post, listen, state } = await setUpRunner(t, COUNTING, {
      LOOPER_ALLOWED_EXECUTABLES: '/bin/sh',
    })
    const monitor = { command: 'echo "# seen"; echo "# wrong" >&2' }
    await config({ maxIterations: 2, persistent: '# always', working: '# only now', monitor })
    const { seen, types, untilSeen } = await listen()
    await post('start')
    await untilSeen('stopped')
    const iteration = ['iteration', 'monitor', 'prompt', 'response', 'state']
    t.same(
      types().filter((type) => type !== 'config'),
      ['connected', 'state', ...iteration, ...iteration, 'stopped'],
    )
    const [first, second] = seen.flatMap((event) => (event.type === 'prompt' ? event.prompt : []))
    t.match(
      first,
      /## Persistent Memory\n# always\n\n## Working Memory \(this iteration only\)\n# only now\n\n## Monitor/,
    )
    t.match(first, /# seen\n\[stderr\]\n# wrong\n/)
    t.match(second, /## Persistent Memory\n# always\n\n## Monitor Output/)
    t.match(
      seen.filter(({ type }) => type === 'config'),
      [{ config: { working: '', persistent: '# always' } }],
    )
    t.match(await state(), {
      state: { monitorOutput: /# seen/ },
      config: { working: '', monitor },
    })
    t.equal((await post('config', { monitor: null })).body.config.monitor, null)
    t.equal((await state()).state.monitorOutput, '', 'what it printed stands in no later prompt')
  },
)

t.test('a failure is an error with its number, and leaves the previous response as it was', async (t) => {
  const { config, post, listen, file, history, state } = await setUpRunner(t, COUNTING)
  await config({ maxIterations: 1 })
  await post('start')
  await until('one is good', async () => (await history()).length === 1)
  writeFileSync(file('agent.sh'), 'echo "401 Unauthorized"; exit 7')
  await config({ maxIterations: 0, working: '# keep this' })
  const { seen, types, untilSeen } = await listen()
  await post('start')
  await untilSeen('stopped')
  const iteration = ['iteration', 'prompt', 'error', 'state']
  const three = [...iteration, ...iteration, ...iteration]
  t.same(types(), ['connected', 'state', ...three, 'error', 'stopped'])
  t.match(seen[4], { type: 'error', iteration: 1, message: /7/ })
  t.match(seen.at(-2), { type: 'error', message: /./ }, 'why it does not go on')
  t.notMatch(seen.at(-2), { iteration: Number })
  t.match((await history()).at(-1), { iteration: 3, response: '', error: /7/ })
  t.match(await state(), { state: { lastOutput: '# said 1' }, config: { working: '# keep this' } })
})

t.test('stop is told within seconds, also in a wait, and one that goes on is told again', async (t) => {
  const { config, post, listen, act } = await setUpRunner(t, 'sleep 300')
  await config()
  const { types, untilSeen, seen } = await listen()
  await post('start')
  await untilSeen('prompt')
  await post('stop')
  await untilSeen('stopped')
  t.same(types(), ['connected', 'state', 'iteration', 'prompt', 'error', 'state', 'stopped'])
  t.match(seen.at(-3), { type: 'error', iteration: 1, message: /stopped/ })

  await config({ user: 'exit 0', interval: 3_600_000 })
  await post('start')
  await untilSeen('error', 2)
  await act('default', 'pause')
  await untilSeen('stopped', 2)
  const before = seen.length
  await act('default', 'resume')
  await until('it runs', () => seen.slice(before).some(({ type }) => type === 'state'))
  await post('stop')
  await untilSeen('stopped', 3)
})

t.test('a quiet stream has a heartbeat, and one that nobody reads is dropped', async (t) => {
  const { config, post, listen, at, logDir } = await setUpRunner(t, 'exit 0')
  const { frames } = await listen()
  await until('a heartbeat comes', () => frames.some(({ event }) => event === ':'), 10_000)
  await config({ user: `: ${'x'.repeat(400_000)}` })
  const slow = await listen()
  slow.pause()
  for (let i = 1; i <= 40; i++) await post('config', { maxIterations: i })
  t.match(serverLogOf(logDir), /stream\.slow/)
  t.equal((await fetch(at('state'))).status, 200)
})
