import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openLedger } from '../../src/record/ledger.ts'
import type { RunIntent } from '../../src/record/run-record.ts'
import { intentOf } from '../helpers/record.ts'

function setUp(test: Test) {
  const file = path.join(test.testdir(), 'looper.db')
  const ledger = openLedger(file, () => undefined)
  test.teardown(() => ledger.close())
  const add = (name: string, changes: Partial<RunIntent> = {}, ifRunning = 'queue', place?: 'first') => {
    const runId = `${name}-${randomUUID()}`
    const wait = { ifRunning, asked: `{"zulip_message":"${name}"}`, place: place ?? ('last' as const) }
    ledger.enqueue(intentOf(runId, { ...changes, name }), wait)
    return runId
  }
  const order = (slot = 'default') => ledger.waitingIn(slot, 100).map(({ name }) => name)
  const end = (runId: string) => {
    const finish = { outcome: 'stopped', returnCode: null, cause: 'enough', endedAt: 2 } as const
    ledger.finish(runId, { ...finish, outputBytes: null, tokensUsed: null })
  }
  return { ledger, file, add, order, end }
}

t.test('runs wait in their order, each slot for itself, also behind a restart', async (t) => {
  const { ledger, file, add, order } = setUp(t)
  const a = add('a')
  add('b')
  add('other', { slot: 'b' })
  const first = add('first', {}, 'queue', 'first')
  t.same(order(), ['first', 'a', 'b'])
  t.same(order('b'), ['other'])
  t.same(ledger.waitingSlots(), [
    { slot: 'default', count: 3 },
    { slot: 'b', count: 1 },
  ])
  t.equal(ledger.waitingBefore(a), 1)
  t.equal(ledger.waitingBefore(first), 0)
  t.match(ledger.nextWaiting('default', []), {
    runId: first,
    prompt: 'go',
    asked: '{"zulip_message":"first"}',
    isWaiting: true,
    outcome: null,
  })
  t.same(ledger.unfinished(), [], 'nothing of them was begun')
  const again = openLedger(file, () => undefined)
  t.teardown(() => again.close())
  t.same(
    again.waitingIn('default', 100).map(({ name }) => name),
    ['first', 'a', 'b'],
  )
})

t.test('it is counted what waits for a run that asked for it, and for no other', async (t) => {
  const { ledger, add, end } = setUp(t)
  add('mine', { trigger: 'tool', caller: 'a-run' })
  const ended = add('ended', { trigger: 'tool', caller: 'a-run', slot: 'b' })
  add('theirs', { trigger: 'tool', caller: 'another' })
  add('a-token', { trigger: 'http', caller: 'a-run' })
  t.equal(ledger.waitingFor('a-run'), 2)
  end(ended)
  t.equal(ledger.waitingFor('a-run'), 1)
  t.equal(ledger.waitingFor('nobody'), 0)
})

t.test(
  'what waits in each slot is told with the first few, in their order, and nothing else of them',
  async (t) => {
    const { ledger, add, end } = setUp(t)
    const gone = add('gone')
    const other = add('e', { slot: 'b' })
    for (let number = 0; number < 12; number++) add(`${number}`)
    add('first', {}, 'queue', 'first')
    end(gone)
    const told = ledger.slotQueues()
    t.match(told, [
      { slot: 'b', count: 1, first: [{ runId: other, requestId: /^.+$/, slot: 'b' }] },
      { slot: 'default', count: 13 },
    ])
    const names = told[1]?.first.map(({ runId }) => ledger.find(runId)?.name)
    t.same(names, ['first', '0', '1', '2', '3', '4', '5', '6', '7', '8'])
    t.same(Object.keys(told[0]?.first[0] ?? {}), ['runId', 'requestId', 'requestedAt', 'slot'])
  },
)

t.test('what waits is read again as soon as somebody has written, and not before', async (t) => {
  const { ledger, file, add, end } = setUp(t)
  const count = () => ledger.slotQueues().map((queue) => queue.count)
  t.same(count(), [])
  const a = add('a')
  const told = ledger.slotQueues()
  t.equal(ledger.slotQueues(), told)
  add('b')
  t.same(count(), [2])

  const other = new DatabaseSync(file)
  other.exec(
    "UPDATE runs SET outcome = 'stopped' WHERE run_id <> (SELECT run_id FROM runs ORDER BY seq LIMIT 1)",
  )
  t.same(count(), [1], 'also by another connection')
  other.exec('BEGIN IMMEDIATE')
  end(a)
  t.match(ledger.slotQueues(), [{ first: [] }], 'also where the end waits to be written')
  other.exec('ROLLBACK')
  other.close()
  await ledger.settle(5000)
  t.same(count(), [])

  const tables = ledger.tablesOf({ owner: 'pets', migrations: ['CREATE TABLE pets (name TEXT) STRICT'] })
  const undone = new Error('undone')
  const half = () =>
    tables.change(() => {
      add('c')
      t.same(count(), [1], 'within a transaction')
      throw undone
    })
  t.throws(half, /undone/)
  t.same(count(), [], 'which was undone')
})

t.test('what is launched or ends waits no more', async (t) => {
  const { ledger, add, order, end } = setUp(t)
  const [a, b] = [add('a'), add('b'), add('c')]
  ledger.step(a, { announcedAt: 2 })
  t.same(order(), ['a', 'b', 'c'])
  ledger.step(a, { launchedAt: 3 })
  t.match(ledger.unfinished(), [{ runId: a, isWaiting: false }])
  end(b)
  t.same(order(), ['c'])
  t.match(ledger.list({ limit: 9 }), [
    { name: 'c', isWaiting: true },
    { name: 'b', isWaiting: false },
    { name: 'a', isWaiting: false },
  ])
})

t.test('any that waits may be put first', async (t) => {
  const { ledger, add, order } = setUp(t)
  const [, b, c] = [add('a'), add('b'), add('c')]
  ledger.putFirst(c)
  ledger.putFirst(String(b))
  t.same(order(), ['b', 'c', 'a'])
  add('d')
  t.same(order(), ['b', 'c', 'a', 'd'])
})

t.test('what coalesces takes the place of what does, too', async (t) => {
  const { add, order, end } = setUp(t)
  add('a')
  const old = add('old', {}, 'coalesce')
  add('b')
  add('new', {}, 'coalesce')
  t.same(order(), ['a', 'old', 'new', 'b'])
  end(old)
  t.same(order(), ['a', 'new', 'b'])
})

t.test('runs of some agents are passed over', async (t) => {
  const { ledger, add } = setUp(t)
  add('a')
  add('b', { agent: 'other' })
  t.match(ledger.nextWaiting('default', ['codex']), { name: 'b' })
  t.equal(ledger.nextWaiting('default', ['codex', 'other']), null)
  t.equal(ledger.nextWaiting('nobody', []), null)
})
