import t from 'tap'
import { createSlot } from '../../src/runs/slot.ts'

/** Whether a promise has settled by the time everything queued before it has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

t.test('one holds the slot, and everybody else gets nothing', async (t) => {
  const slot = createSlot()
  t.equal(slot.taken, false)
  const release = slot.take()
  t.equal(slot.taken, true)
  t.strictSame(
    Array.from({ length: 100 }, () => slot.take()),
    Array.from({ length: 100 }, () => null),
  )
  release?.()
  t.equal(slot.taken, false)
  t.type(slot.take(), 'function')
})

t.test('two slots know nothing of each other', async (t) => {
  const [one, two] = [createSlot(), createSlot()]
  one.take()
  t.equal(two.taken, false)
  t.type(two.take(), 'function')
})

t.test('giving it back twice does not take it from the next one', async (t) => {
  const slot = createSlot()
  const first = slot.take()
  first?.()
  slot.take()
  first?.()
  t.equal(slot.taken, true)
  t.equal(slot.take(), null)
})

t.test('a free slot is free at once', async () => {
  await createSlot().free()
})

t.test('free waits for everyone who holds it in turn', async (t) => {
  const slot = createSlot()
  const first = slot.take()
  const free = slot.free()
  t.equal(await isSettled(free), false, 'while the first one holds it')
  first?.()
  const second = slot.take()
  t.equal(await isSettled(free), false, 'the second one was quicker than those who wait')
  second?.()
  await free
  t.equal(slot.taken, false)
})
