import path from 'node:path'
import t from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

t.test('the autopoll is paused, goes on, and launches, as the service is told', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  const run_id = '0a000000-0000-4000-8000-000000000001'
  service.onAutopoll = (action) => ({
    status: 200,
    body: action === 'launch' ? { ok: true, run_id } : { ok: true, paused: action === 'pause' },
  })
  t.match(await runCommand(['autopoll', 'pause'], { url }), {
    status: 0,
    out: 'Paused; "looper autopoll resume" resumes it\n',
  })
  t.match((await runCommand(['autopoll', 'resume'], { url })).out, /^Resumed; /)
  t.equal((await runCommand(['autopoll', 'launch'], { url })).out, 'Launched 0a000000\n')
  t.strictSame(JSON.parse((await runCommand(['autopoll', 'launch', '--json'], { url })).out), {
    ok: true,
    run_id,
  })
  t.strictSame(
    service.asked.map(({ method, url, body }) => [method, path.basename(url), body]),
    ['pause', 'resume', 'launch', 'launch'].map((action) => ['POST', action, {}]),
  )
  service.onAutopoll = () => ({ status: 200, body: { ok: true } })
  t.equal((await runCommand(['autopoll', 'launch'], { url })).out, 'Launched the default prompt\n')
})

t.test('a refusal is told', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  t.match(await runCommand(['autopoll', 'launch'], { url: service.url }), {
    status: 75,
    err: /^looper: busy/,
  })
})
