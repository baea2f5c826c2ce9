import t from 'tap'
import { COUNTING, SCRIPT, setUpLoops } from '../../helpers/loop-service.ts'
import { callTool, connectMcp } from '../../helpers/mcp.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test(
  "a person's agent makes a loop, starts it, tells it something, looks at it and stops it",
  async (t) => {
    const { service, workspace, rounds, untilIs, look, lines } = await setUpLoops(t, COUNTING)
    const client = await connectMcp(t, service().url, null)
    const call = (name: string, args: object = {}) => callTool(client, name, { ...args })
    const ask = async (name: string, args: object = {}) => JSON.parse(await call(name, args))
    t.same(await ask('list_loops'), { loops: [] })
    t.match(await call('set_loop', { name: 'one', workspace }), /^error: LOOPER_FIELD_INVALID: .*'user'/)
    t.match(await call('control_loop', { name: 'one', action: 'start' }), /^error: LOOPER_LOOP_NOT_FOUND/)
    for (const wrong of [
      { name: 'One' },
      { name: 'one', user: ' ' },
      { name: 'one', user: 'x', max_iterations: 0 },
    ])
      t.match(await call('set_loop', wrong), /^error: /)
    t.match(
      await call('set_loop', { name: 'one', user: 'x', verify: 'touch x' }),
      /^error: LOOPER_EXECUTABLE_FORBIDDEN/,
    )
    t.same(await ask('list_loops'), { loops: [] }, 'nothing was made')

    t.match(await ask('set_loop', { name: 'one', user: SCRIPT, workspace }), { state: 'idle', user: SCRIPT })
    t.match(await ask('set_loop', { name: 'one', max_iterations: 1 }), {
      user: SCRIPT,
      limits: { iterations: 1 },
    })
    t.equal((await look('one')).definition.workspace, workspace)
    const started = await ask('control_loop', { name: 'one', action: 'start', hint: '# look at it' })
    t.match(started, { state: /starting|running/ })
    await untilIs('one', 'ended')
    t.match((await rounds('one')).rounds, [{ hint: '# look at it' }])
    t.match(await ask('list_loops'), {
      loops: [{ name: 'one', cause: 'iterations', last_output: '# said 1' }],
    })
    t.match(await ask('control_loop', { name: 'one', hint: 'for later' }), { state: 'ended' })
    t.match(await look('one'), { hint: 'for later' })
    t.match(await ask('control_loop', { name: 'one', action: 'stop' }), { state: 'ended' })
    t.match(await call('control_loop', { name: 'one', action: 'pause' }), /^error: LOOPER_LOOP_NOT_RUNNING/)
    t.equal(lines('runs').length, 1)
  },
)
