import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { moment } from '../../src/cli/human.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }
const DUE = '2026-11-01T12:30:00.000Z'
const ONE = {
  scheduled_id: 3,
  run_id: 'b',
  by_run_id: '3f2a0000-0000-0000-0000-000000000000',
  slot: 'docs',
  name: 'look again',
  due_at: DUE,
}

/** A service with these; what was asked of it by POST. */
async function scheduling(test: Test, scheduled: object[]) {
  const posted: string[] = []
  const server = createServer(({ method, url = '' }, response) => {
    if (method === 'GET') return response.end(JSON.stringify({ scheduled }))
    posted.push(url)
    return response.end(JSON.stringify({ ok: true, scheduled: ONE }))
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, posted }
}

t.test('what is scheduled is listed with its time, and cancelled by number', async (t) => {
  const { url, posted } = await scheduling(t, [ONE])
  t.equal(
    (await runCommand(['scheduled'], { url, world })).out,
    `   3  ${moment(DUE)}, in 2 h 30 m  look again  slot docs, by run 3f2a0000\nCancel one with: looper scheduled cancel ID\n`,
  )
  t.match(JSON.parse((await runCommand(['scheduled', '--json'], { url })).out), { scheduled: [ONE] })
  t.equal((await runCommand(['scheduled', 'cancel', '3'], { url })).out, 'Cancelled 3 look again\n')
  t.match(JSON.parse((await runCommand(['scheduled', 'cancel', '3', '--json'], { url })).out), {
    scheduled: ONE,
  })
  for (const line of [
    ['scheduled', 'cancel'],
    ['scheduled', 'cancel', 'all'],
  ])
    t.match(await runCommand(line, { url }), { status: 2, err: /which one/ })
  t.same(posted, Array(2).fill('/scheduled/3/cancel'))
  const none = await scheduling(t, [])
  t.equal((await runCommand(['scheduled'], { url: none.url })).out, 'Nothing is scheduled.\n')
})
