import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { moment } from '../../src/cli/human.ts'
import type { HoldAnswer } from '../../src/runs/holds/hold-schemas.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }
const UNTIL = '2026-11-01T14:12:00.000Z'
const HELD: HoldAnswer = {
  agent: 'claude',
  since: '2026-11-01T09:00:00.000Z',
  until: UNTIL,
  held_until: UNTIL,
  run_id: 'a',
  waiting_count: 2,
}

/** A service with these holds; what was asked of it by POST. */
async function holding(test: Test, holds: HoldAnswer[]) {
  const released: string[] = []
  const server = createServer(({ method, url = '' }, response) => {
    if (method === 'GET') return response.end(JSON.stringify({ holds }))
    released.push(url)
    return response.end(JSON.stringify({ ok: true, agent: 'a/b', waiting_count: 1 }))
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, released }
}

t.test('the agents that wait for their usage limit are told, until when, and how to end it', async (t) => {
  const holds = [HELD, { ...HELD, agent: 'codex', held_until: null, waiting_count: 0 }]
  const { url } = await holding(t, holds)
  const { status, out } = await runCommand(['holds'], { url, world })
  t.equal(status, 0)
  t.equal(
    out,
    `claude waits for its usage limit until ${moment(UNTIL)}, in 4 h 12 m; 2 runs wait
codex waits until another run has shown that its usage limit is reset; 0 runs wait
Let its runs begin now with: looper holds release AGENT
`,
  )
  t.same(JSON.parse((await runCommand(['holds', '--json'], { url, world })).out), { holds })
  const nobody = await holding(t, [])
  t.equal((await runCommand(['holds'], { url: nobody.url })).out, 'No agent waits for its usage limit.\n')
})

t.test('a hold is released by the name of its agent, whatever that is', async (t) => {
  const { url, released } = await holding(t, [])
  const line = ['holds', 'release', 'a/b']
  t.match(await runCommand(line, { url }), { status: 0, out: 'Released a/b; 1 run waits\n' })
  t.match(JSON.parse((await runCommand([...line, '--json'], { url })).out), {
    agent: 'a/b',
    waiting_count: 1,
  })
  t.same(released, Array(2).fill('/holds/a%2Fb/release'))
  t.match(await runCommand(['holds', 'release'], { url }), { status: 2, err: /which agent/ })
  t.match(await runCommand(['holds', 'end', 'a'], { url }), { status: 2 })
  t.equal(released.length, 2)
})
