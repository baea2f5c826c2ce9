import t from 'tap'
import { createSlot, type Occupant } from '../../src/runs/slot.ts'

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

const occupant = (requestId: string): Occupant => ({
  requestId,
  runId: null,
  since: 0,
  step: 'notice',
  footprint: null,
  calledOff: new AbortController(),
})
const never = new AbortController().signal

t.test('whose turn is next holds it before anybody else can take it', async (t) => {
  const slot = createSlot()
  const first = slot.take()
  const next = occupant('next')
  const turn = slot.turn(next, never)
  t.equal(slot.waiting, next)
  const [free, released] = [slot.free(), slot.released()]
  first?.()
  t.equal(slot.take(), null)
  t.equal(slot.occupant, next)
  t.equal(slot.waiting, null)
  await released
  t.equal(await isSettled(free), false, 'it is held again')
  const release = await turn
  release()
  await free
  t.equal(slot.occupant, null)
  t.type(slot.take(), 'function')
})

t.test('the newest waits, and who waited before it is told', async (t) => {
  const slot = createSlot()
  const first = slot.take()
  const [one, two] = [slot.turn(occupant('one'), never), slot.turn(occupant('two'), never)]
  await t.rejects(one, { code: 'LOOPER_BUSY', message: 'request two took its place while it waited' })
  first?.()
  t.type(await two, 'function')
})

t.test('who is called off waits no more, and takes nobody else with it', async (t) => {
  const slot = createSlot()
  const first = slot.take()
  const off = new AbortController()
  const one = slot.turn(occupant('one'), off.signal)
  off.abort(new Error('called off'))
  await t.rejects(one, { message: 'called off' })
  t.equal(slot.waiting, null)
  first?.()
  t.equal(slot.taken, false)

  const second = slot.take()
  const late = new AbortController()
  const displaced = slot.turn(occupant('displaced'), late.signal)
  const newest = slot.turn(occupant('newest'), never)
  late.abort()
  await t.rejects(displaced, { code: 'LOOPER_BUSY' })
  second?.()
  t.type(await newest, 'function')
})
