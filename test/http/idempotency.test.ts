import path from 'node:path'
import t, { type Test } from 'tap'
import { keyOf, once } from '../../src/http/idempotency.ts'
import { openLedger } from '../../src/runs/ledger.ts'

const DAY_MS = 86_400_000
const BODY = Buffer.from('{}')

/** Work that counts how often it was done, on a ledger in memory. */
function setUp(test: Test) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), test.fail)
  test.teardown(() => ledger.close())
  let done = 0
  const work = async () => ({ status: 200, body: { done: ++done } })
  const first = { status: 200, body: { done: 1 } }
  return { ledger, work, first, count: () => done }
}

t.test('without a key the work is done each time', async (t) => {
  const { ledger, work, count } = setUp(t)
  await once(ledger, null, BODY, 0, work)
  await once(ledger, null, BODY, 0, work)
  t.equal(count(), 2)
})

t.test('the same key and body get the first answer for a day', async (t) => {
  const { ledger, work, first, count } = setUp(t)
  t.strictSame(await once(ledger, 'k', BODY, 0, work), first)
  t.strictSame(await once(ledger, 'k', BODY, DAY_MS - 1, work), first)
  t.equal(count(), 1)
  t.strictSame(await once(ledger, 'other', BODY, 0, work), { status: 200, body: { done: 2 } })
  t.strictSame(await once(ledger, 'k', BODY, DAY_MS + 1, work), { status: 200, body: { done: 3 } })
})

t.test('another body is refused, and so is the same one while the first is at work', async (t) => {
  const { ledger, work, count } = setUp(t)
  const gate = Promise.withResolvers<void>()
  const first = once(ledger, 'k', BODY, 0, async () => {
    await gate.promise
    return work()
  })
  await t.rejects(once(ledger, 'k', BODY, 0, work), { code: 'LOOPER_KEY_IN_USE' })
  await t.rejects(once(ledger, 'k', Buffer.from('{ }'), 0, work), { code: 'LOOPER_KEY_REUSED' })
  gate.resolve()
  await first
  await t.rejects(once(ledger, 'k', Buffer.from('{ }'), 0, work), { code: 'LOOPER_KEY_REUSED' })
  t.equal(count(), 1)
})

t.test('work that fails frees its key, and its failure is what the caller sees', async (t) => {
  const { ledger, work, first } = setUp(t)
  const failing = once(ledger, 'k', BODY, 0, async () => {
    throw new Error('not now')
  })
  await t.rejects(failing, { message: 'not now' })
  t.strictSame(await once(ledger, 'k', BODY, 0, work), first)
})

t.test('a key belongs to its owner, and is printable ASCII', async (t) => {
  t.equal(keyOf(undefined, 'ada'), null)
  t.equal(keyOf('k 1', 'ada'), 'ada k 1')
  t.not(keyOf('k', 'ada'), keyOf('k', 'eve'))
  t.equal(keyOf('x'.repeat(255), '')?.length, 256)
  for (const bad of ['', 'x'.repeat(256), 'ä', 'a\nb', ['a', 'b']])
    t.throws(() => keyOf(bad, 'ada'), { code: 'LOOPER_FIELD_INVALID' }, String(bad))
})
