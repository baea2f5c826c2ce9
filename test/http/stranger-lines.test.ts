import t from 'tap'
import { limitStrangerLines } from '../../src/http/stranger-lines.ts'

/** A limit on a clock that is moved by hand; whoever sleeps wakes when the test says so. */
function setUp() {
  const told: number[] = []
  const clock = { ms: 0, slept: 0, wake: () => {} }
  const lines = limitStrangerLines(
    {
      monotonic: () => clock.ms,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          clock.slept = ms
          clock.wake = resolve
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    },
    (leftOut) => told.push(leftOut),
  )
  const take = (times: number) => Array.from({ length: times }, lines.take).filter(Boolean).length
  return { clock, lines, take, told }
}

t.test('sixty a minute are told of, the others are counted when it is over', async (t) => {
  const { clock, take, told } = setUp()
  t.equal(take(50), 50)
  clock.ms = 59_000
  t.equal(take(1000), 10)
  t.equal(clock.slept, 1000)
  t.same(told, [])
  clock.ms = 60_000
  clock.wake()
  await Promise.resolve()
  await Promise.resolve()
  t.same(told, [990])
  t.equal(take(61), 60, 'a new minute')
  t.equal(clock.slept, 60_000)
})

t.test('those that were counted are told of at the end, if there were any', async (t) => {
  const { lines, take, told } = setUp()
  take(63)
  await lines.close()
  t.same(told, [3])
  const quiet = setUp()
  quiet.take(60)
  await quiet.lines.close()
  t.same(quiet.told, [])
})
