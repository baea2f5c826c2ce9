import t, { type Test } from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

/** A service with a run that lives, and that stops what it is asked to. */
async function setUp(test: Test, remaining: number[] = []) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  const run = service.add()
  service.status = { slot: { run_id: null }, current: run }
  service.onStop = (asked) => {
    service.end(asked, { outcome: 'stopped', return_code: -2, cause: 'stopped by me' })
    return { status: 200, body: { ok: true, run: asked, stopped_pids: [7, 8], remaining_pids: remaining } }
  }
  return { service, url: service.url, run }
}

t.test('the run that lives is stopped', async (t) => {
  const { service, url, run } = await setUp(t)
  t.match(await runCommand(['stop'], { url }), {
    status: 0,
    out: 'Stopped 01000000 a run (pids 7, 8)\n',
    err: '',
  })
  t.equal(service.asked.at(-1)?.url, `/runs/${run.run_id}/stop`)
  t.strictSame(service.asked.at(-1)?.body, {})
})

t.test('one that is still being announced goes before it', async (t) => {
  const { service, url, run } = await setUp(t)
  const next = service.add({ pid: null })
  service.status = { slot: { run_id: next.run_id }, current: run }
  service.onStop = () => ({
    status: 200,
    body: { ok: true, run: next, stopped_pids: [], remaining_pids: [] },
  })
  t.equal((await runCommand(['stop'], { url })).out, 'Stopped 02000000 a run\n')
  service.onStop = () => ({ status: 200, body: { ok: true, run, stopped_pids: [7], remaining_pids: [] } })
  t.equal(
    (await runCommand(['stop', '01'], { url })).out,
    'Stopped 01000000 a run (pid 7)\n',
    'unless another is named',
  )
})

t.test('what is left alive is told, and is a failure', async (t) => {
  const { url } = await setUp(t, [8])
  t.match(await runCommand(['stop'], { url }), {
    status: 1,
    err: 'looper: still alive: 8; stop them by hand\n',
  })
})

t.test('one that had failed by itself meanwhile is told as such', async (t) => {
  const { service, url } = await setUp(t)
  service.onStop = (asked) => {
    service.end(asked, { outcome: 'exited', return_code: 1, cause: 'no credits' })
    const run = { ...asked, remedy: 'Buy some.' }
    return { status: 200, body: { ok: true, run, stopped_pids: [], remaining_pids: [] } }
  }
  t.equal(
    (await runCommand(['stop'], { url })).out,
    'Stopped 01000000 a run\nIt had failed: no credits\nBuy some.\n',
  )
})

t.test('--json gives the answer', async (t) => {
  const { url, run } = await setUp(t)
  t.match(JSON.parse((await runCommand(['stop', '--json'], { url })).out), {
    run: { run_id: run.run_id },
    stopped_pids: [7, 8],
  })
})

t.test('nothing to stop is told', async (t) => {
  const { service, url } = await setUp(t)
  service.status = { slot: { run_id: null }, current: null }
  t.match(await runCommand(['stop'], { url }), { status: 66, err: /^looper: nothing is running\n/ })
  service.onStop = () => ({
    status: 409,
    body: { ok: false, error: 'ended already', code: 'LOOPER_RUN_ENDED' },
  })
  t.match(await runCommand(['stop', '01'], { url }), { status: 1, err: 'looper: ended already\n' })
})
