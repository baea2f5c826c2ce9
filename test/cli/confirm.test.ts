import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { refuse, startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand, startCommand } from '../helpers/command.ts'
import { until } from '../helpers/service.ts'

const STOP = [
  {
    pid: 7,
    run_id: '0a000000-0000-4000-8000-000000000001',
    name: 'Fix the login page',
    age_seconds: 750,
    command: 'codex exec',
    stoppable: true,
  },
  { pid: 8, run_id: null, name: null, age_seconds: null, command: 'codex exec -- x', stoppable: true },
]
const TERMINAL = { columns: 80, isInTerminal: true, env: { NO_COLOR: '1' } } as const

/** A service that would stop something, and counts what it really launched. */
async function setUp(test: Test, stop: readonly object[] = STOP, would = 'run') {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  let launched = 0
  service.onRun = ({ plan }) => {
    if (plan === true) return { status: 200, body: { ok: true, plan: { would, stop } } }
    launched++
    return refuse(409, 'LOOPER_BUSY', 'launched')
  }
  return { service, url: service.url, launched: () => launched }
}

t.test('on a terminal it says what it would stop, and does nothing but for a yes', async (t) => {
  const { url, launched } = await setUp(t)
  for (const stdin of ['n\n', '\n', '', 'yesterday\n', 'of course']) {
    const { status, out, err } = await runCommand(['run', 'x'], { url, stdin, ...TERMINAL })
    t.equal(status, 1)
    t.equal(
      out,
      `These will be stopped:
  Fix the login page (run 0a000000, for 12 m 30 s, pid 7)
  codex exec -- x (not started by Looper, pid 8)
`,
    )
    t.equal(err, 'Stop and start? [y/N] looper: nothing was announced, stopped or launched\n')
  }
  t.equal(launched(), 0)
  for (const stdin of ['y\n', 'Y', 'YES\n']) {
    t.equal((await runCommand(['run', 'x'], { url, stdin, ...TERMINAL })).status, 75)
  }
  t.equal(launched(), 3)
})

t.test('--yes says it, and asks nothing', async (t) => {
  const { url, launched } = await setUp(t, STOP.slice(0, 1))
  for (const flag of ['--yes', '-y']) {
    const { out, err } = await runCommand(['run', 'x', flag], { url, ...TERMINAL })
    t.match(out, /^This will be stopped:\n {2}Fix the login page /)
    t.notMatch(err, '[y/N]')
  }
  t.equal(launched(), 2)
})

t.test('where nothing would be stopped, or the service refuses anyway, nothing is said', async (t) => {
  for (const [stop, would] of [
    [[], 'run'],
    [STOP, 'busy'],
  ] as const) {
    const { url, launched } = await setUp(t, stop, would)
    t.match(await runCommand(['run', 'x'], { url, ...TERMINAL }), { status: 75, out: '' })
    t.equal(launched(), 1)
  }
})

t.test(
  'in a pipe, and for a program, nothing is looked at beforehand; without stdin it is only said',
  async (t) => {
    const { service, url, launched } = await setUp(t)
    t.equal((await runCommand(['run', 'x'], { url, isInTerminal: true })).out, '')
    await runCommand(['run', 'x', '--json'], { url, ...TERMINAL })
    t.equal(service.asked.length, 2)
    const { out, err } = await runCommand(['run', 'x', '-'], { url, stdin: 'do it', columns: 80 })
    t.match(out, 'will be stopped:')
    t.notMatch(err, '[y/N]')
    t.equal(launched(), 3)
  },
)

t.test('a prompt that was typed leaves nobody to ask: --yes is needed', async (t) => {
  const { url, launched } = await setUp(t)
  for (const typed of [['-'], ['--prompt-file', '-'], ['--system-prompt-file', '-']])
    t.match(await runCommand(['run', 'x', ...typed], { url, stdin: 'do it', ...TERMINAL }), {
      status: 2,
      err: /cannot ask on stdin, because a prompt was read from it\nAdd --yes to stop it without a question\.\n$/,
    })
  t.equal(launched(), 0)
  await runCommand(['run', 'x', '-', '-y'], { url, stdin: 'do it', ...TERMINAL })
  t.equal(launched(), 1)
})

t.test(
  'what the service refuses is told without a question; Ctrl-C at the question does nothing',
  async (t) => {
    const { service, url, launched } = await setUp(t)
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    const command = startCommand(['run', 'x'], { url, columns: 80, world: { stdin } })
    await until('it asks', () => command.err().includes('[y/N]'))
    command.interrupt()
    t.equal((await command.ended).status, 130)
    t.equal(launched(), 0)
    service.onRun = () => refuse(500, 'LOOPER_WORKSPACE_INVALID', 'no such workspace')
    t.match(await runCommand(['run', 'x'], { url, ...TERMINAL }), {
      status: 1,
      err: /^looper: no such workspace/,
    })
  },
)
