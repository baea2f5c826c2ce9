import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { ClaimList } from '../../src/claims/schemas.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }
const CLAIM = {
  name: 'task-7',
  run_id: '3f2a0000-0000-0000-0000-000000000000',
  run_name: 'fix it',
  slot: 'docs',
  fence: 4,
  since: '2026-11-01T09:58:00.000Z',
}

async function holding(test: Test, answer: ClaimList) {
  const server = createServer((_request, response) => response.end(JSON.stringify(answer)))
  server.listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

t.test('who holds what is told, and for how long', async (t) => {
  const url = await holding(t, { claims: [CLAIM] })
  const { status, out } = await runCommand(['claims'], { url, world })
  t.equal(status, 0)
  t.equal(out, 'task-7  run 3f2a0000 fix it in slot docs, for 2 m\n')
  t.same(JSON.parse((await runCommand(['claims', '--json'], { url })).out), { claims: [CLAIM] })
  const nobody = await holding(t, { claims: [] })
  t.equal((await runCommand(['claims'], { url: nobody })).out, 'No run holds a name.\n')
})
