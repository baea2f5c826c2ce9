import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { adoptRuns } from '../../src/runs/adopt.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import { heartOf } from '../helpers/heart.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const AT_LAUNCH = { log: true, launch: true }
const line = (type: string) =>
  JSON.stringify({ type, item: { id: 'item_1', type: 'command_execution', command: 'x' } })

t.test('a run that is adopted in a call is not stalled, until the call has ended', async (t) => {
  const heart = heartOf(t, { toolStallMs: 600_000 })
  const begin = `echo '{"type":"thread.started"}'; echo '${line('item.started')}'`
  const wait = 'until [ -e go ]; do sleep 0.1; done'
  const limits = { stallMs: 2_000 }
  const open = await heart.leftBy(
    `${begin}; ${wait}; echo '${line('item.completed')}'; exec sleep 300`,
    AT_LAUNCH,
    limits,
  )
  const closed = await heart.leftBy(
    `${begin}; echo '${line('item.completed')}'; exec sleep 300`,
    AT_LAUNCH,
    limits,
  )
  const live = createLiveRuns(heart.deps)
  await adoptRuns({ ...heart.deps, live })
  const runs = new Map(live.all().map((run) => [run.runId, run]))
  t.match(await runs.get(closed.runId)?.ended, { outcome: 'stalled', cause: /for 2 s$/ })
  t.ok(await heart.deps.table.isAlive(open.agent))
  t.equal(heart.ledger.find(open.runId)?.outcome, null)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await runs.get(open.runId)?.ended, { outcome: 'stalled', cause: /for 2 s$/ })
})
