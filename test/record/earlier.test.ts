import { copyFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, recordOf } from '../helpers/fault-service.ts'
import { PROJECT, startTestService } from '../helpers/service.ts'

/** A service of version 9 of the schema wrote it, and was killed while its last run lived. */
const EARLIER = path.join(PROJECT, 'test/fixtures/ledger-version-9.db')
const WELL = 'e93e8d6f-68c7-4db0-b7ff-346b2754de89'
const FAILED = 'afdc3e96-af82-4765-a1b4-18b060502e14'
const REPLACED = '5a0f3669-82c2-433c-ab5c-2a64f12e5728'
const ALIVE = '9ca92800-b330-4048-a2e7-7ab966fc7074'

t.test('a ledger of an earlier version is opened, brought up to date, and gone on with', async (t) => {
  const dir = t.testdir({ logs: {} })
  const logDir = path.join(dir, 'logs')
  copyFileSync(EARLIER, path.join(logDir, 'looper.db'))
  const service = await startTestService(logDir)
  t.teardown(() => service.stop())
  const get = async (address: string) => (await fetch(`${service.url}${address}`)).json()

  t.match(await endOf(service, ALIVE), { outcome: 'lost', name: 'Alive at the end' })
  t.match(await get('/runs'), {
    runs: [{ run_id: ALIVE }, { run_id: REPLACED }, { run_id: FAILED }, { run_id: WELL }],
    next_before: null,
  })
  const unknown = { agent: 'codex', model: null, session_id: null, reply: null, usage: null, cost_usd: null }
  t.match(await get(`/runs/${WELL}`), {
    ...unknown,
    name: 'Starting **over**',
    outcome: 'exited',
    return_code: 0,
    tokens_used: 12_345,
  })
  t.match(await get(`/runs/${FAILED}`), {
    ...unknown,
    outcome: 'exited',
    return_code: 3,
    cause: 'unexpected status 401 Unauthorized',
    remedy: /codex login/,
  })
  t.match(await get(`/runs/${REPLACED}`), {
    outcome: 'replaced',
    cause: `replaced by run ${ALIVE}`,
    prompt: `sleep 300 #${'x'.repeat(9000)}`,
  })

  t.equal(await service.stop(), 0)
  const again = await startTestService(logDir)
  t.teardown(() => again.stop())
  t.match(await recordOf(again, ALIVE), { outcome: 'lost' })
  t.match(await recordOf(again, WELL), { outcome: 'exited', tokens_used: 12_345 })
})
