import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { launch } from '../../../src/places/host/launch.ts'
import { createWrappers, pipeOf, type Wrappers } from '../../../src/places/host/wrappers.ts'
import { linuxTable } from '../../../src/processes/linux.ts'
import { carriers } from '../../helpers/processes.ts'
import { until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'processes are looked at in /proc')
  process.exit()
}

const ENV = { PATH: process.env.PATH, OF: 'the wrappers that wait' }

/** Wrappers whose children are told. */
function setUp(test: Test) {
  const dir = test.testdir({ log: '', workspace: {} })
  const stateDir = path.join(dir, 'states')
  const wrappers = createWrappers(stateDir)
  test.teardown(() => wrappers.close())
  const mark = `${ENV.OF} in ${dir}`
  const env = { ...ENV, OF: mark }
  const children = () => carriers(mark)
  const run = (
    argv: readonly string[],
    more: { env?: NodeJS.ProcessEnv; wrappers?: Wrappers; clock?: Clock } = {},
  ) =>
    launch({
      runId: 'the-run',
      workspace: path.join(dir, 'workspace'),
      command: { argv, stdin: null, env: {}, files: {} },
      logPath: path.join(dir, 'log'),
      env,
      stateDir,
      table: linuxTable(),
      clock: systemClock,
      wrappers,
      assertAllowed: () => undefined,
      ...more,
    })
  const log = () => readFileSync(path.join(dir, 'log'), 'utf8')
  return { dir, wrappers, env, children, run, log }
}

t.test('the one that waits gets the orders, and nobody else is started', async (t) => {
  const { wrappers, env, children, run, log } = setUp(t)
  wrappers.prepare(env)
  const [pid] = children()
  wrappers.prepare(env)
  t.same(children(), [pid], 'one is enough')
  const { wrapper, status, complete } = await run(['sh', '-c', 'pwd; echo "$PWD,$OLDPWD,$LOOPER_RUN_ID"'])
  t.equal(wrapper.pid, pid)
  t.equal(await status, 0)
  t.equal(await complete, true)
  const workspace = path.join(t.testdirName, 'workspace')
  t.equal(log(), `${workspace}\n${workspace},,the-run\n\n# codex_exec_return_code=0\n`)
})

t.test('the log is appended to, by the agent and by others: nobody overwrites anybody', async (t) => {
  const { dir, run, log } = setUp(t)
  const { status, complete } = await run([
    'sh',
    '-c',
    'echo one; until [ -e go ]; do sleep 0.02; done; echo three',
  ])
  await until('the first line', () => log() === 'one\n')
  appendFileSync(path.join(dir, 'log'), 'two\n')
  writeFileSync(path.join(dir, 'workspace/go'), '')
  t.equal(await status, 0)
  await complete
  t.equal(log(), 'one\ntwo\nthree\n\n# codex_exec_return_code=0\n')
})

t.test('the agent has its environment as it was given', async (t) => {
  const { dir, env, run, log } = setUp(t)
  const given = {
    ...env,
    ...Object.fromEntries(
      'state run workspace log input stat pid ticks boot status break tries newline trailer dir'
        .split(' ')
        .map((name) => [name, `the agent's ${name}`]),
    ),
    OLDPWD: '/elsewhere',
  }
  const { status } = await run([process.execPath, '-p', 'JSON.stringify(process.env)'], { env: given })
  t.equal(await status, 0)
  const { OLDPWD, ...rest } = given
  const seen: NodeJS.ProcessEnv = JSON.parse(log().split('\n')[0] ?? '')
  // Whatever runs the tests may add to it.
  t.match(seen, { ...rest, PWD: path.join(dir, 'workspace'), LOOPER_RUN_ID: 'the-run' })
  t.notOk('OLDPWD' in seen, `not ${OLDPWD}`)
})

t.test('one that waits with another environment is dismissed', async (t) => {
  const { wrappers, env, children, run, log } = setUp(t)
  wrappers.prepare({ ...env, COLOUR: 'old' })
  const [old] = children()
  const { wrapper, status } = await run(['sh', '-c', 'echo "$COLOUR"'], { env: { ...env, COLOUR: 'new' } })
  t.not(wrapper.pid, old)
  t.equal(await status, 0)
  t.match(log(), /^new\n/)
  await until('nobody waits', () => children().length === 0)
})

t.test('one that was killed or stopped while it waited is no obstacle', async (t) => {
  const { wrappers, env, children, run } = setUp(t)
  wrappers.prepare(env)
  const [killed = 0] = children()
  process.kill(killed, 'SIGKILL')
  await until('it is gone', () => children().length === 0)
  const first = await run(['true'])
  t.not(first.wrapper.pid, killed)
  t.equal(await first.status, 0)
  await until('it is gone, too', () => children().length === 0)

  wrappers.prepare(env)
  const [stopped = 0] = children()
  process.kill(stopped, 'SIGSTOP')
  const second = await run(['true'])
  t.equal(second.wrapper.pid, stopped)
  t.equal(await second.status, 0)
})

t.test('whoever waits ends with the wrappers, and with the process', async (t) => {
  const { wrappers, env, children } = setUp(t)
  wrappers.prepare(env)
  t.equal(children().length, 1)
  await wrappers.close()
  t.same(children(), [])
  wrappers.prepare(env)
  t.same(children(), [], 'none is prepared after that')

  const code = `
    import { createWrappers } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/places/host/wrappers.ts'))}
    createWrappers('/nowhere').prepare(process.env)
    process.kill(process.pid, 'SIGKILL')`
  t.throws(() => execFileSync(process.execPath, ['--input-type=module', '-e', code], { env }))
  await until('it ended, too', () => children().length === 0)
})

t.test('one that cannot be started in advance is started when it is needed, and that fails', async (t) => {
  const { wrappers, env, run } = setUp(t)
  const huge = { ...env, TOO_LONG: 'x'.repeat(200_000) }
  t.doesNotThrow(() => wrappers.prepare(huge))
  await t.rejects(run(['true'], { env: huge }), { code: 'LOOPER_LAUNCH_FAILED', message: /E2BIG/ })
})

t.test('a wrapper that the system refuses to start fails the launch', async (t) => {
  const { wrappers, run } = setUp(t)
  const take = () => ({ child: spawn('/no/such/shell'), isNew: true })
  await t.rejects(run(['true'], { wrappers: { ...wrappers, take } }), {
    code: 'LOOPER_LAUNCH_FAILED',
    message: 'cannot launch the agent: spawn /no/such/shell ENOENT',
  })
})

t.test('one that was killed while it waited, and nobody knows it yet, is replaced', async (t) => {
  const { wrappers, env, run } = setUp(t)
  const { child } = wrappers.take(env)
  child.kill('SIGKILL')
  await once(child, 'close')
  const takes = [() => ({ child, isNew: false }), () => wrappers.take(env)]
  const take: Wrappers['take'] = () => takes.shift()?.() ?? wrappers.take(env)
  const { wrapper, status } = await run(['true'], { wrappers: { ...wrappers, take } })
  t.not(wrapper.pid, child.pid)
  t.equal(await status, 0)
  t.equal(takes.length, 0)
})

t.test('a new wrapper that ends before its orders fails the launch', async (t) => {
  const { wrappers, env, run } = setUp(t)
  const { child, isNew } = wrappers.take(env)
  t.ok(isNew)
  child.kill('SIGKILL')
  // Its pipe is closed by then.
  await once(child, 'close')
  await t.rejects(run(['true'], { wrappers: { ...wrappers, take: () => ({ child, isNew }) } }), {
    code: 'LOOPER_LAUNCH_FAILED',
    message: 'cannot launch the agent: the wrapper ended before the agent began',
  })
})

t.test(
  'a wrapper that hangs before it tells who it is fails the launch, and begins nothing later',
  async (t) => {
    const { dir, wrappers, env, children, run } = setUp(t)
    const { child } = wrappers.take(env)
    await until('it waits', () => children().length === 1)
    child.kill('SIGSTOP')
    const waits: number[] = []
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        waits.push(ms)
        return systemClock.sleep(50, signal)
      },
    }
    const began = path.join(dir, 'began')
    const take = () => ({ child, isNew: true })
    await t.rejects(run(['touch', began], { wrappers: { ...wrappers, take }, clock }), {
      code: 'LOOPER_LAUNCH_FAILED',
      message: 'cannot launch the agent: the wrapper ended before the agent began',
    })
    t.strictSame(waits, [10_000])
    await until('it is gone', () => children().length === 0)
    t.notOk(existsSync(began))
  },
)

t.test('a service that stood still for long hears its wrapper all the same, and ends nobody', async (t) => {
  const { wrappers, env, run } = setUp(t)
  const clock: Clock = { ...systemClock, sleep: async () => undefined }
  const heard: Wrappers['take'] = () => {
    const { child } = wrappers.take(env)
    const pipe = pipeOf(child)
    const write = pipe?.write.bind(pipe)
    if (pipe && write) {
      // Nothing else happens until the wrapper has told.
      Object.assign(pipe, {
        write(text: string) {
          write(text)
          execFileSync('/bin/sh', ['-c', `until grep -q agent '${t.testdirName}/states/the-run'; do :; done`])
        },
      })
    }
    return { child, isNew: true }
  }
  const { status, complete } = await run(['sleep', '0.1'], { wrappers: { ...wrappers, take: heard }, clock })
  t.equal(await status, 0)
  t.equal(await complete, true)
})
