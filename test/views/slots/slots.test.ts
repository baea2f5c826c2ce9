import { mkdirSync, mkdtempSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { Value } from 'typebox/value'
import { SlotList } from '../../../src/runs/slot-schemas.ts'
import { slotAnswers } from '../../../src/runs/slot-views.ts'
import { endOf, setUpFault } from '../../helpers/fault-service.ts'
import { until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('runs live side by side, each in its slot, and everybody sees which', async (t) => {
  const { run, service, workspace } = await setUpFault(t, { LOOPER_MAX_RUNS: '2' })
  const get = async (address: string) => (await fetch(`${service.url}${address}`)).json()
  const other = path.join(mkdtempSync(path.join(path.dirname(workspace), 'other-')), 'work')
  mkdirSync(other)
  t.match(Value.Parse(SlotList, await get('/slots')), {
    slots: [{ slot: 'default', run: null, launch: null, waiting: [] }],
    max_runs: 2,
  })

  const first = await run('sleep 300')
  const busy = await run('sleep 300', { slot: 'tests' })
  t.match(busy.body, { code: 'LOOPER_WORKSPACE_BUSY', error: new RegExp(first.runId) })
  const second = await run('sleep 300', { slot: 'tests', workspace: other })
  t.match(second.body, { killed_codex_exec_pids: [] })
  t.match(Value.Parse(SlotList, await get('/slots')).slots, [
    { slot: 'default', run: { run_id: first.runId, slot: 'default', share_workspace: false } },
    { slot: 'tests', run: { run_id: second.runId, slot: 'tests' } },
  ])
  t.match(await get('/status'), {
    current: { run_id: first.runId },
    slots: [{ slot: 'default' }, { slot: 'tests' }],
  })
  t.match(await get('/runs/current?slot=tests'), { run_id: second.runId })
  t.match(await get('/runs?slot=tests'), { runs: [{ run_id: second.runId }] })
  const full = await run('sleep 300', { slot: 'third', workspace: other })
  t.match(full.body, { code: 'LOOPER_WORKSPACE_BUSY' })
  t.match((await run('', { slot: '../etc' })).body, { code: 'LOOPER_FIELD_INVALID' })

  const next = await run('sleep 300')
  t.match(await endOf(service, first.runId), { outcome: 'replaced', cause: `replaced by run ${next.runId}` })
  t.match(await get(`/runs/${second.runId}`), { outcome: null })
  await run('', { slot: 'tests' })
  t.match(await endOf(service, second.runId), { outcome: 'stopped' })
  await until('the slot is gone', async () => Value.Parse(SlotList, await get('/slots')).slots.length === 1)
})

t.test('a launch under way and who waits behind it are told', async (t) => {
  const launching = {
    requestId: 'a',
    runId: 'run-a',
    since: 0,
    step: 'notice',
    calledOff: new AbortController(),
    footprint: null,
  } as const
  const state = {
    slot: 'x',
    taken: true,
    occupant: launching,
    waiting: { ...launching, runId: null },
    live: [],
  }
  const since = '1970-01-01T00:00:00.000Z'
  const ledger = { listed: () => [], slotQueues: () => [] }
  t.strictSame(slotAnswers({ slots: () => [state] }, ledger)[0], {
    slot: 'x',
    run: null,
    launch: { request_id: 'a', run_id: 'run-a', since, step: 'notice' },
    waiting: [{ request_id: 'a', run_id: null, since }],
    waiting_count: 1,
  })
})
