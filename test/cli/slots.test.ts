import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { SlotList } from '../../src/runs/slot-schemas.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }

async function answering(test: Test, answer: SlotList) {
  const server = createServer((_, response) => response.end(JSON.stringify(answer))).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

t.test('slots are told with what runs, what is being launched, and who waits', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const started = service.add({ run_id: '3f2a0000-aaaa', name: 'Fix it', started_at: '2026-11-01T09:58:00Z' })
  const { message: _message, prompt: _prompt, ...run } = started
  const answer: SlotList = {
    max_runs: 4,
    slots: [
      { slot: 'default', run: null, launch: null, waiting: [], waiting_count: 0 },
      {
        slot: 'loop/docs',
        run,
        launch: {
          request_id: 'a',
          run_id: '77aa0000-bbbb',
          since: '2026-11-01T09:59:50Z',
          step: 'startup_check',
        },
        waiting: [{ request_id: 'b', run_id: null, since: '2026-11-01T09:59:55Z' }],
        waiting_count: 3,
      },
      { slot: 'new', run: { ...run, started_at: null }, launch: null, waiting: [], waiting_count: 0 },
    ],
  }
  const url = await answering(t, answer)
  const { status, out } = await runCommand(['slots'], { url, world })
  t.equal(status, 0)
  t.equal(
    out,
    [
      'default    free',
      `loop/docs  running 3f2a0000 Fix it for 2 m, ${run.workspace}`,
      '           launching 77aa0000 for 10 s, at startup check',
      '           waiting a request that only stops for 5 s',
      '           and 2 more wait',
      `new        running 3f2a0000 Fix it, ${run.workspace}`,
      'At most 4 runs at a time (LOOPER_MAX_RUNS).',
      '',
    ].join('\n'),
  )
  t.same(JSON.parse((await runCommand(['slots', '--json'], { url, world })).out), answer)
})

t.test('a run is asked for in its slot, listed by it, and run again in it', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  service.add({
    run_id: '3f2a0000-aaaa',
    slot: 'docs',
    share_workspace: true,
    outcome: 'exited',
    return_code: 0,
  })
  const more = ['--share-workspace', '--isolate', 'worktree', '--no-tools']
  await runCommand(['run', 'Go', '--slot', 'docs', ...more], { url })
  await runCommand(['rerun', '3f2a'], { url })
  await runCommand(['runs', '--slot', 'docs'], { url })
  t.match(
    service.asked.filter(({ method }) => method === 'POST'),
    Array(2).fill({ body: { slot: 'docs', share_workspace: true } }),
  )
  t.match(
    service.asked.find(({ method }) => method === 'POST'),
    { body: { tools: false } },
  )
  t.match(service.asked.at(-1), { url: '/runs?limit=20&slot=docs' })
})
