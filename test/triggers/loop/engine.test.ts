import t, { type Test } from 'tap'
import { createRuns } from '../../../src/runs/runs.ts'
import { createEngine } from '../../../src/triggers/loop/engine.ts'
import { LOOP_TABLES, type LoopRecords, loopRecords } from '../../../src/triggers/loop/records.ts'
import { factsOf } from '../../../src/triggers/loop/round.ts'
import { defaultsOf } from '../../helpers/app.ts'
import { CHANGED } from '../../helpers/git.ts'
import { heartOf } from '../../helpers/heart.ts'
import { until } from '../../helpers/service.ts'

/** An engine on a record of its own. */
function setUp(test: Test, broken: Partial<LoopRecords> = {}) {
  const heart = heartOf(test)
  const records = { ...loopRecords(heart.ledger.tablesOf(LOOP_TABLES)), ...broken }
  const runs = createRuns(heart.deps)
  const engine = createEngine({
    ...heart.deps,
    records,
    runs,
    steps: { subscribe: () => () => undefined },
    defaults: defaultsOf(test),
    newRequestId: () => '0a0b0c0d',
    moment: () => ({ elapsedMs: 0, held: null, diskFull: null }),
  })
  return { ...heart, records, engine }
}

t.test(
  'nothing begins before what an earlier life left is taken up, and nothing after the end',
  async (t) => {
    const { engine, records, eventsOf } = setUp(t)
    records.define('one', { user: 'x' })
    records.update('one', { state: 'waiting' })
    engine.wake('one')
    await engine.atRest('one', 0)
    const over = AbortSignal.abort()
    await engine.run(over)
    engine.wake('one')
    t.match(records.find('one'), { state: 'waiting', iteration: 0 })
    t.same(eventsOf('loop.round'), [])
  },
)

t.test('what cannot be read is told, and tried again', async (t) => {
  const closing = new AbortController()
  const { engine, records, eventsOf } = setUp(t)
  records.define('odd', { user: 'x' })
  records.update('odd', { state: 'running' })
  const over = engine.run(closing.signal)
  await until('it is told', () => eventsOf('loop.fail').length > 0)
  t.match(eventsOf('loop.fail'), [{ loop: 'odd', error: /no round of it is on the record/ }])
  closing.abort()
  await over
})

t.test('loops that cannot be listed are told, and keep nothing from ending', async (t) => {
  const all = () => {
    throw new Error('disk I/O error')
  }
  const { engine, eventsOf } = setUp(t, { all })
  await engine.run(AbortSignal.abort())
  t.match(eventsOf('loop.fail'), [{ error: 'disk I/O error' }])
})

t.test('what a round came to stands on the record of its run', (t) => {
  const { ledger, begin } = heartOf(t)
  const { runId } = begin('x')
  ledger.step(runId, { changes: CHANGED })
  ledger.finish(runId, {
    outcome: 'exited',
    returnCode: 0,
    cause: null,
    endedAt: 1,
    outputBytes: null,
    tokensUsed: 7,
  })
  const run = ledger.find(runId)
  t.match(run && factsOf(run), { isChanged: true, tokens: 7, failure: null, isQuota: false })
  t.end()
})
