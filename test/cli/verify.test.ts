import t, { type Test } from 'tap'
import type { RunDetails } from '../../src/runs/run-schemas.ts'
import { type LoopbackLooper, startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const ENDED = { outcome: 'exited', return_code: 0, started_at: '2026-11-01T08:00:02.000Z' } as const
const REFUTED = {
  ...ENDED,
  verify: 'npm test',
  verify_timeout_seconds: 60,
  verdict: 'refuted',
  verdict_cause: 'the check exited with 1',
} as const
const UNVERIFIED = {
  ...REFUTED,
  verdict: 'unverified',
  verdict_cause: 'the check was stopped: it ran for 60 s',
} as const

/** What its check wrote. */
const WRITTEN =
  '# looper_request_id=01beef00\n# workspace=/repo\n# command=npm test\n\nnot ok 1\n\n# codex_exec_return_code=1\n'

async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  return { service, url: service.url }
}

/** A run that is launched by the next request, and has ended so. */
function launching(service: LoopbackLooper, fields: Partial<RunDetails>) {
  const run = service.add(fields, 'said\n')
  service.verifyLogs.set(run.run_id, WRITTEN)
  const launched = { pid: 1, log_path: '/log', command: 'codex', startup_return_code: null }
  const body = {
    ok: true,
    zulip_output: 'OK',
    killed_codex_exec_pids: [],
    remaining_codex_exec_pids: [],
    run_id: run.run_id,
    request_id: run.request_id,
    codex_exec_result: launched,
  }
  service.onRun = () => ({ status: 200, body })
  return run
}

t.test('a check is asked for', async (t) => {
  const { service, url } = await setUp(t)
  await runCommand(['run', 'x', '--verify', 'npm test', '--verify-timeout-seconds', '1.5'], { url })
  t.match(service.asked.at(-1)?.body, { verify: 'npm test', verify_timeout_seconds: '1.5' })
  await runCommand(['run', 'x', '--verify', ''], { url })
  t.match(service.asked.at(-1)?.body, { verify: '' })
  service.add(REFUTED)
  await runCommand(['rerun'], { url })
  t.match(service.asked.at(-1)?.body, { verify: 'npm test', verify_timeout_seconds: 60 })
  await runCommand(['rerun', '--verify', 'make'], { url })
  t.match(service.asked.at(-1)?.body, { verify: 'make', verify_timeout_seconds: 60 })
  service.add(ENDED)
  await runCommand(['rerun', '--verify', 'make'], { url })
  t.match(service.asked.at(-1)?.body, { verify: 'make' })
})

t.test(
  'the exit status tells the verdict where the agent ended well, and that a parked run is not done',
  async (t) => {
    for (const [fields, status] of [
      [REFUTED, 65],
      [UNVERIFIED, 70],
      [{ ...REFUTED, verdict: 'verified', verdict_cause: null }, 0],
      [{ ...UNVERIFIED, return_code: 3, failed: true }, 3],
      [{ outcome: 'parked', return_code: 0, verdict: null }, 75],
      [{ outcome: 'parked', return_code: -2, verdict: null }, 75],
    ] as const) {
      const { service, url } = await setUp(t)
      launching(service, fields)
      t.match(await runCommand(['run', 'x', '--wait'], { url }), { status })
      t.equal((await runCommand(['run', 'x', '--follow'], { url })).status, status)
    }
  },
)

t.test('what a check said is shown with the end of its run', async (t) => {
  const { service, url } = await setUp(t)
  launching(service, REFUTED)
  t.match(await runCommand(['run', 'x', '--wait'], { url }), {
    out: '01000000 a run: exited 0, refuted, the check exited with 1\n',
    err: 'The last lines of its check:\n  not ok 1\n',
  })
  const shown = await runCommand(['show'], { url })
  t.match(shown.out, /check +npm test\n/)
  t.match(shown.out, /outcome +exited 0, refuted\n/)
  t.match(shown.out, /verdict +refuted, the check exited with 1\n/)
  t.match(shown.out, /> said\n\nThe last lines of its check:\n> not ok 1\n$/)
  service.add({ ...UNVERIFIED })
  service.add({ ...UNVERIFIED, verdict: 'verified', verdict_cause: null })
  const listed = (await runCommand(['runs'], { url })).out
  t.match(listed, /✗ exited 0, refuted /)
  t.match(listed, /\n\S+ {4}exited 0, unverified /)
  t.match(listed, /✓ exited 0, verified /)
})

t.test('what a check wrote is shown like a log', async (t) => {
  const { service, url } = await setUp(t)
  launching(service, REFUTED)
  t.equal((await runCommand(['logs', '--verify-log'], { url })).out, WRITTEN)
  await runCommand(['logs', '--verify-log', '--tail', '3'], { url })
  t.match(service.asked.at(-1)?.url, /\/verify-log\?tail=3$/)
  for (const more of [['-f'], ['--since', '1h'], ['--transcript']]) {
    t.match(await runCommand(['logs', '--verify-log', ...more], { url }), {
      status: 2,
      err: /--verify-log cannot be used with --follow, --since or --transcript/,
    })
  }
  service.add(ENDED)
  t.equal((await runCommand(['logs', '--verify-log'], { url })).status, 66)
})
