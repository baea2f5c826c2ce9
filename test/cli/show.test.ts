import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { moment } from '../../src/cli/human.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const NOW = Date.parse('2026-11-01T10:00:00Z')
const world = { clock: { ...systemClock, now: () => NOW } }

async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  return { service, show: (...args: string[]) => runCommand(['show', ...args], { url: service.url, world }) }
}

t.test('all of a run that ended badly: why, what to do, when, where, and its last lines', async (t) => {
  const { service, show } = await setUp(t)
  const output = Array.from({ length: 12 }, (_, i) => `line ${i}\n`).join('')
  const run = service.add(
    {
      outcome: 'exited',
      return_code: 1,
      cause: 'no credits',
      remedy: 'Buy some.',
      caller: 'ci',
      ended_at: '2026-11-01T09:00:02.000Z',
      model: 'gpt-5',
      session_id: '5e55',
      tokens_used: 1_234_567,
      usage: { input: 1_200_000, cached: 900_000, output: 34_567, total: 1_234_567 },
      cost_usd: 1.5,
      reply: 'All is\ndone.',
    },
    `# looper_request_id=x\n# workspace=/repo\n# command=codex\n\n${output}\n# codex_exec_return_code=1\n`,
  )
  const { status, out } = await show('01')
  t.equal(status, 0)
  const [requested, started, ended] = ['08:00:00', '08:00:02', '09:00:02'].map((time) =>
    moment(`2026-11-01T${time}Z`),
  )
  t.equal(
    out,
    `a run
run        ${run.run_id}
outcome    exited 1 (failed)
cause      no credits
remedy     Buy some.
by         ci (http)
requested  ${requested}, 2 h ago
started    ${started}, 1 h 59 m ago
ended      ${ended}, 59 m 58 s ago
took       1 h
workspace  /repo
agent      codex, gpt-5
session    5e55
usage      1,234,567 tokens (input 1,200,000, cached 900,000, output 34,567), $1.50
command    codex exec
log        ${run.log_path}

All is
done.

${[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `> line ${i}`).join('\n')}
`,
  )
})

t.test('of one that just begins there is less to tell', async (t) => {
  const { service, show } = await setUp(t)
  const run = service.add({ pid: null, started_at: null, log_path: null, command: null }, null)
  Reflect.deleteProperty(run, 'name')
  t.equal(
    (await show()).out,
    `01000000
run        ${run.run_id}
outcome    starting
by         http
requested  ${moment('2026-11-01T08:00:00Z')}, 2 h ago
workspace  /repo
agent      codex
`,
  )
  service.append(run, '# looper_request_id=x\n# workspace=/repo\n# command=codex\n\n')
  t.notMatch((await show()).out, '# looper_request_id', 'the head of a log is no output')
})

t.test('a log without line ends is not held in memory, and little of it is shown', async (t) => {
  const { service, show } = await setUp(t)
  service.add({ outcome: 'exited', return_code: 0 }, `${'x'.repeat(3_000_000)}end`)
  const { out } = await show()
  t.ok(out.endsWith(`> ${'x'.repeat(497)}end\n`))
})

t.test('--json gives the run', async (t) => {
  const { service, show } = await setUp(t)
  const run = service.add()
  t.strictSame(JSON.parse((await show('--json')).out), run)
  t.match(await show('ff'), { status: 66 })
})

t.test('what its agent left is told, where the service knows of it', async (t) => {
  const { service, show } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0, ended_at: '2026-11-01T09:00:02.000Z' })
  t.notMatch((await show(run.run_id)).out, /^(reports|flags)/m)
  service.left = {
    reports: [
      { report_id: 12, title: 'Summary' },
      { report_id: 13, title: 'Plan' },
    ],
    flags: [{ flag_id: 7, note: 'odd' }],
  }
  t.match((await show(run.run_id)).out, /^reports {4}12 Summary, 13 Plan\nflags {6}7 odd$/m)
})
