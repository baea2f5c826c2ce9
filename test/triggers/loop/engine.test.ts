import t, { type Test } from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { createRuns } from '../../../src/runs/runs.ts'
import { createLoopCommands } from '../../../src/triggers/loop/commands.ts'
import { createLoops } from '../../../src/triggers/loop/control.ts'
import { createEngine } from '../../../src/triggers/loop/engine.ts'
import { memoriesIn } from '../../../src/triggers/loop/memories.ts'
import { momentOf } from '../../../src/triggers/loop/moment.ts'
import { LOOP_TABLES, type LoopRecords, loopRecords } from '../../../src/triggers/loop/records.ts'
import { factsOf, roundBody } from '../../../src/triggers/loop/round.ts'
import { endRound, endWithoutRun } from '../../../src/triggers/loop/settle.ts'
import { defaultsOf } from '../../helpers/app.ts'
import { CHANGED } from '../../helpers/git.ts'
import { heartOf } from '../../helpers/heart.ts'
import { until } from '../../helpers/service.ts'

/** An engine on a record of its own. */
function setUp(test: Test, broken: Partial<LoopRecords> = {}) {
  const heart = heartOf(test)
  const records = { ...loopRecords(heart.ledger.tablesOf(LOOP_TABLES)), ...broken }
  const runs = createRuns(heart.deps)
  const defaults = { ...defaultsOf(test), workspace: test.testdirName }
  const own = new Map()
  const newRequestId = () => '0a0b0c0d'
  const tables = heart.ledger.tablesOf(LOOP_TABLES)
  const memoryOf = memoriesIn({ dir: test.testdirName, tables, clock: heart.deps.clock })
  const commands = createLoopCommands({ ...heart.deps, own, dir: test.testdirName, defaults })
  const engine = createEngine({
    ...heart.deps,
    own,
    records,
    runs,
    steps: { subscribe: () => () => undefined },
    defaults,
    newRequestId,
    memoryOf,
    commands,
    checkpoints: { take: () => Promise.reject(new Error('nobody asked for it')) },
    moment: () => ({ elapsedMs: 0, held: null, diskFull: null }),
  })
  const loops = createLoops({
    ...heart.deps,
    own,
    records,
    engine,
    commands,
    defaults,
    newRequestId,
    memoryOf,
  })
  return { ...heart, records, engine, loops, runs, memoryOf, commands }
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

t.test(
  'a clock that was set back keeps no loop waiting, and a round that cannot begin is followed by a wait',
  async (t) => {
    const closing = new AbortController()
    const { engine, records, deps, memoryOf } = setUp(t)
    const now = Date.now()
    records.define('one', { user: 'x', interval_seconds: 2 })
    records.update('one', { state: 'waiting', startedAt: now, dueAt: now + 86_400_000 })
    const over = engine.run(closing.signal)
    const dueAt = () => Number(records.find('one')?.dueAt)
    await until('it is due soon', () => dueAt() < now + 60_000)
    closing.abort()
    await over
    t.ok(dueAt() >= now + 2000)

    records.define('two', { user: 'x', interval_seconds: 0 })
    records.beginRound('two', { state: 'running', iteration: 1 }, { iteration: 1, startedAt: 1, hint: '' })
    const [loop, round] = [records.find('two'), records.openRound('two')]
    if (loop === null || round === null) throw new Error('it is not on the record')
    const moment = () => ({ elapsedMs: 0, held: null, diskFull: null })
    endWithoutRun(loop, round, 'no', { ...deps, records, memoryOf, moment, clock: { now: () => 5000 } })
    t.match(records.find('two'), { state: 'waiting', dueAt: 6000 })
  },
)

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

t.test('who starts a loop at the same moment as somebody else finds it started', async (t) => {
  const { loops } = setUp(t)
  loops.define('one', { user: 'x' })
  const [first, second] = await Promise.all([loops.start('one'), loops.start('one')])
  t.match(first, { state: 'starting' })
  t.same(first, second)
})

t.test('what cannot be stopped for long is not begun anew beside itself', async (t) => {
  const { loops, records } = setUp(t)
  loops.define('one', { user: 'x' })
  records.update('one', { state: 'running', wish: 'stop' })
  await t.rejects(loops.start('one'), { code: 'LOOPER_STOP_FAILED', message: /one is still being stopped/ })
})

t.test('what a round asks for where its loop says little, and what it came to where nobody says why', (t) => {
  const { records, ledger, begin, deps, memoryOf } = setUp(t)
  records.define('one', { user: 'x' })
  records.beginRound('one', { state: 'running', iteration: 1 }, { iteration: 1, startedAt: 1, hint: '' })
  const [loop, round] = [records.find('one'), records.openRound('one')]
  const run = ledger.find(begin('x').runId)
  if (loop === null || round === null || run === null) throw new Error('it is not on the record')
  t.match(roundBody(loop, 'x', 0, 0), { workspace: null, agent: null, verify: '', slot: 'loop/one' })
  const moment = () => ({ elapsedMs: 0, held: null, diskFull: null })
  endRound(loop, round, { ...run, outcome: 'stopped', cause: null }, { ...deps, records, memoryOf, moment })
  t.match(records.rounds('one', { limit: 1, before: 9 }), [{ error: 'its run was ended', runId: run.runId }])
  t.match(records.find('one'), { state: 'waiting' })
  t.end()
})

t.test('what keeps a loop from its next round is told: no room, and a day whose budget is spent', (t) => {
  const { records, runs } = setUp(t)
  records.define('one', { user: 'x', agent: 'codex' })
  const loop = records.find('one')
  if (loop === null) throw new Error('it is not on the record')
  const refusal = () => new LooperError('LOOPER_BUDGET_SPENT', 'the budget of the day is spent')
  const momentWith = (minFreeMb: number, isSpent = false) =>
    momentOf(
      { ...loop, startedAt: 1000 },
      {
        runs: isSpent ? { ...runs, days: { ...runs.days, refusal } } : runs,
        agents: defaultsOf(t).agents,
        clock: { now: () => 3000 },
        logDir: t.testdirName,
        minFreeMb,
      },
    )
  t.match(momentWith(1e12), { elapsedMs: 2000, held: null, diskFull: /free/ })
  t.match(momentWith(0), { diskFull: null })
  t.match(momentWith(0, true), { held: 'the budget of the day is spent' })
  t.end()
})
