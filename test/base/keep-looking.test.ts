import t from 'tap'
import { keepLooking } from '../../src/base/keep-looking.ts'

t.test('it is looked again after a failure, which is told once', async (t) => {
  const told: unknown[] = []
  const ending = new AbortController()
  const slept: number[] = []
  let looks = 0
  const look = () => {
    looks++
    if (looks === 2 || looks === 3) throw new Error('no disk')
    if (looks === 5) ending.abort()
    return 60_000
  }
  const clock = {
    async sleep(ms: number) {
      slept.push(ms)
    },
  }
  const changed = () => new Promise<void>(() => undefined)
  const failed = (error: unknown) => told.push(error)
  await keepLooking({ look, changed, failed, againMs: 1000, clock }, ending.signal)
  t.same(slept, [60_000, 1000, 1000, 60_000, 60_000])
  t.match(told, [{ message: 'no disk' }])
  t.equal(told.length, 1)
})
