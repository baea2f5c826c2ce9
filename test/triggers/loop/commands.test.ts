import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { listedPrograms } from '../../../src/agents/allowed.ts'
import { createLoopCommands, type LoopCommands } from '../../../src/triggers/loop/commands.ts'
import { commandCookie } from '../../../src/triggers/loop/monitor.ts'
import { prepareRound } from '../../../src/triggers/loop/prepare.ts'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { watchMonitor } from '../../../src/triggers/loop/watch-monitor.ts'
import { defaultsOf } from '../../helpers/app.ts'
import { heartOf } from '../../helpers/heart.ts'
import { COUNTING, setUpLoops } from '../../helpers/loop-service.ts'
import { textOf, until } from '../../helpers/service.ts'

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Whole lines of a shell are allowed. */
const SHELL = { LOOPER_ALLOWED_EXECUTABLES: 'sh:true:false' }

t.test('what the monitor prints stands in the prompt of each round, as data', async (t) => {
  const loops = await setUpLoops(t, COUNTING, SHELL)
  const monitor = 'echo "# seen $(cat runs 2>/dev/null | wc -l)"; echo "# odd" >&2; exit 3'
  await loops.define('watch', { monitor, max_iterations: 2 })
  await loops.act('watch', 'start')
  await loops.untilIs('watch', 'ended')
  const { rounds } = await loops.rounds('watch')
  t.match(rounds, [
    {
      monitor_output: '# seen 1\n[stderr]\n# odd',
      prompt: /## Monitor Output\n.*data.*\n```\n# seen 1\n\[stderr\]\n# odd\n```/,
    },
    { monitor_output: '# seen 0\n[stderr]\n# odd' },
  ])
  t.match(await loops.look('watch'), { monitor_output: '# seen 1\n[stderr]\n# odd' })
  const none = await loops.define('watch', { monitor: null, max_iterations: 1 })
  t.equal(none.monitor_output, '', 'what it printed last says nothing any more')
  await loops.act('watch', 'start')
  await loops.untilIs('watch', 'ended')
  t.notMatch((await loops.rounds('watch')).rounds[0]?.prompt, /Monitor Output/)
})

t.test('a monitor with an interval of its own runs beside the rounds', async (t) => {
  const loops = await setUpLoops(t, `${COUNTING}; until [ -e go ]; do sleep 0.05; done`, SHELL)
  const monitor = 'date >>dates; echo "# $(wc -l <dates)"'
  await loops.define('watch', { monitor, monitor_interval_seconds: 1, max_iterations: 2 })
  await loops.act('watch', 'start')
  await until('it ran twice while one round did', () => loops.lines('dates').length >= 2)
  t.equal(loops.lines('runs').length, 1)
  writeFileSync(loops.file('go'), '')
  await loops.untilIs('watch', 'ended')
  const [second, first] = (await loops.rounds('watch')).rounds
  t.match([second?.prompt, second?.monitor_output, first?.iteration], [/# [2-9]/, null, 1])
})

t.test('the gate says whether there is something to do', async (t) => {
  const loops = await setUpLoops(t, COUNTING, SHELL)
  const gate = 'test -e go && echo "# mail"; test -e go || exit 75'
  await loops.define('mail', { gate, max_iterations: 1 })
  await loops.act('mail', 'start')
  await until('there was nothing to do', async () => (await loops.look('mail')).state === 'waiting')
  t.match((await loops.rounds('mail')).rounds, [
    { iteration: 1, gate: 'nothing_to_do', run_id: null, prompt: null, error: null, tokens: 0 },
  ])
  t.match(await loops.look('mail'), { used: { iterations: 0, unchanged: 0, same_failures: 0 } })
  writeFileSync(loops.file('go'), '')
  await loops.untilIs('mail', 'ended')
  t.match((await loops.rounds('mail')).rounds[0], {
    iteration: 1,
    gate: 'go',
    gate_output: '# mail',
    prompt: /## Gate Output/,
    response: '# said 1',
  })
})

t.test('a gate that fails means what its owner says', async (t) => {
  const loops = await setUpLoops(t, COUNTING, SHELL)
  await loops.define('strict', { gate: 'echo "# no"; exit 3' })
  await loops.act('strict', 'start')
  await loops.untilIs('strict', 'paused')
  t.match(await loops.look('strict'), { cause: 'same_failure', why: /the gate exited with 3/ })
  t.match((await loops.rounds('strict')).rounds[0], { gate: 'failed', gate_output: '# no', run_id: null })
  await loops.define('lax', { gate: 'exit 3', gate_failure: 'go', max_iterations: 1 })
  await loops.act('lax', 'start')
  await loops.untilIs('lax', 'ended')
  t.match((await loops.rounds('lax')).rounds, [{ gate: 'go', response: '# said 1' }])
  await loops.define('idle', { gate: 'exit 3', gate_failure: 'skip' })
  await loops.act('idle', 'start')
  await until('it was skipped', async () => (await loops.look('idle')).state === 'waiting')
  t.match((await loops.rounds('idle')).rounds[0], { gate: 'nothing_to_do', error: null })
  t.match(await loops.act('idle', 'stop'), { cause: 'stopped' })
})

t.test('nothing is run that the owner did not allow, and what is refused changes nothing', async (t) => {
  const loops = await setUpLoops(t, COUNTING, { LOOPER_ALLOWED_EXECUTABLES: 'true' })
  for (const field of ['monitor', 'gate', 'verify'])
    for (const line of ['touch x', 'sh -c "touch x"', '/no/such'])
      t.match(await loops.ask('/bad', { user: 'x', [field]: line }), {
        status: 403,
        body: { code: 'LOOPER_EXECUTABLE_FORBIDDEN', error: new RegExp(`'${field}'`) },
      })
  t.match(await loops.ask('/bad', { user: 'x', gate: 'true "' }), { status: 400 })
  t.equal((await loops.ask('/bad')).status, 404)
  await loops.define('good', { gate: 'true', verify: 'true' })
  await loops.act('good', 'start')
  await loops.untilIs('good', 'ended')
  t.match((await loops.rounds('good')).rounds, [{ gate: 'go', verdict: 'verified' }])
})

t.test('what may not be run any more is told like what cannot be started', async (t) => {
  const { deps } = heartOf(t)
  const defaults = defaultsOf(t)
  const none = createLoopCommands({
    ...deps,
    own: new Map(),
    dir: t.testdirName,
    defaults: { ...defaults, workspace: null },
  })
  const never = new AbortController().signal
  const shell = { name: 'x', definition: { user: 'x', monitor: 'no-such' } }
  t.match(await none.run(shell, 'monitor', never), { end: 'failed_to_start', output: /not found/ })
  t.match(await none.run(shell, 'gate', never), { end: 'failed_to_start' })
  const places = { ...defaults.places, searchPath: process.env.PATH }
  const access = { ...defaults.access, executables: () => listedPrograms(['sh'], places) }
  const allowed = { ...defaults, access, places, workspace: null }
  const noWorkspace = createLoopCommands({ ...deps, own: new Map(), dir: t.testdirName, defaults: allowed })
  t.match(await noWorkspace.run(shell, 'monitor', never), { output: /no workspace/ })
})

t.test(
  'a loop that is stopped, or whose service is killed, leaves nothing of what it began with',
  async (t) => {
    const loops = await setUpLoops(t, COUNTING, SHELL)
    const monitor = 'echo $$ >pid; (setsid sleep 300 & echo $! >child); sleep 300'
    const pids = () => ['pid', 'child'].map((name) => Number(textOf(loops.file(name))))
    await loops.define('slow', { monitor })
    await loops.act('slow', 'start')
    await until('it runs', () => pids().every((pid) => pid > 0))
    const [stopped] = [pids(), await loops.act('slow', 'stop')]
    t.match(await loops.look('slow'), { state: 'ended', cause: 'stopped' })
    t.notOk(stopped.some(isAlive))
    t.match((await loops.rounds('slow')).rounds, [{ error: 'somebody stopped it', run_id: null }])

    writeFileSync(loops.file('pid'), '0')
    await loops.act('slow', 'start')
    await until('it runs again', () => pids().every((pid) => pid > 0))
    const left = pids()
    await loops.kill()
    await until(
      'it is ended, and run anew',
      () => !left.some(isAlive) && !pids().some((pid) => left.includes(pid)),
    )
    await loops.define('slow', { gate: 'true', verify: 'true' })
    await loops.act('slow', 'stop')
    t.notOk(pids().some(isAlive))
    t.notOk(existsSync(path.join(loops.file('runs'))))
  },
)

t.test('a gate that was ended is told as such, and one that the service ends says nothing', async (t) => {
  const { ledger, deps, events } = heartOf(t)
  const records = loopRecords(ledger.tablesOf(LOOP_TABLES))
  records.define('one', { user: 'x', gate: 'x', monitor: 'y' })
  records.beginRound('one', { state: 'running', iteration: 1 }, { iteration: 1, startedAt: 1, hint: '' })
  const stop = new AbortController()
  const result = {
    end: 'timed_out',
    status: null,
    output: 'a\n[ended after 60 s]',
    durationMs: 1,
    survivors: [],
  } as const
  const nothingSent = () => {
    throw new Error('nothing was sent')
  }
  const prepare = (run: LoopCommands['run']) => {
    const [loop, round] = [records.find('one'), records.openRound('one')]
    if (loop === null || round === null) throw new Error('it is not on the record')
    const moment = () => ({ elapsedMs: 0, held: null, diskFull: null })
    const memoryOf = () => ({ find: () => null, remove: nothingSent })
    return prepareRound(loop, round, { ...deps, records, moment, memoryOf, commands: { run } }, stop.signal)
  }
  await prepare(async () => result)
  t.match(records.openRound('one'), { monitorOutput: result.output, gate: null })
  await prepare(async () => result)
  t.match(records.rounds('one', { limit: 1, before: 9 }), [
    { gate: 'failed', error: 'the gate was ended, or not started: [ended after 60 s]' },
  ])
  t.match(events.filter(({ msg }) => msg === 'loop.round.end').length, 1)

  records.beginRound('one', { state: 'running', iteration: 2 }, { iteration: 2, startedAt: 1, hint: '' })
  stop.abort()
  await prepare(async () => result)
  t.match(records.openRound('one'), { monitorOutput: null })
  const open = records.openRound('one')
  if (open !== null) records.stepRound('one', open, { monitorOutput: '' })
  t.equal(await prepare(async () => result), true)
  t.match(records.openRound('one'), { gate: null })
  records.define('one', { user: 'x', monitor: 'y', monitor_interval_seconds: 9 })
  const commands = { run: async () => result }
  const watching = { records, commands, clock: deps.clock }
  const before = records.find('one')?.monitorOutput
  const other = { run: async () => ({ ...result, output: 'new' }) }
  await watchMonitor('one', { ...watching, commands: other }, stop.signal)()
  t.match(records.find('one'), { monitorOutput: before })
  t.equal(await watchMonitor('none', watching, stop.signal)(), null)
})

t.test('what an earlier life left and cannot be ended is told', async (t) => {
  const { deps, events } = heartOf(t)
  const dir = t.testdirName
  const cookie = commandCookie(path.join(dir, 'one', 'monitor'))
  // Nobody stops the service itself, whatever it carries.
  const cookieOf = (pid: number) => (pid === process.pid ? cookie : null)
  const table = { ...deps.table, cookieOf, markOf: () => null }
  const commands = createLoopCommands({ ...deps, own: new Map(), table, dir, defaults: defaultsOf(t) })
  await commands.endLeft('one')
  t.match(
    events.filter(({ msg }) => msg === 'loop.command.left'),
    [{ loop: 'one', command: 'monitor', survivors: [process.pid] }],
  )
})
