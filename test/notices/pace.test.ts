import t from 'tap'
import { dueMs, quietMs, retryMs } from '../../src/notices/pace.ts'

const NOW = 1_000_000_000

t.test('twenty calls a minute', async (t) => {
  const calls = (count: number, at = NOW - 30_000) => Array.from({ length: count }, () => at)
  t.equal(quietMs([], NOW), 0)
  t.equal(quietMs(calls(19), NOW), 0)
  t.equal(quietMs(calls(20), NOW), 30_000)
  t.equal(quietMs([...calls(5, NOW - 59_000), ...calls(20)], NOW), 30_000)
  t.equal(quietMs(calls(20, NOW - 60_000), NOW), 0)
  t.equal(quietMs(calls(20, NOW + 3_600_000), NOW), 0, 'a clock that was set back silences nobody')
})

t.test('waits grow, and respect what the other side wants', async (t) => {
  t.strictSame(
    [0, 1, 2, 3, 9, 10, 11, 5000].map((attempts) => retryMs(attempts, null)),
    [1000, 1000, 2000, 4000, 256_000, 512_000, 600_000, 600_000],
  )
  t.equal(retryMs(1, 28_700), 28_700)
  t.equal(retryMs(6, 1000), 32_000)
  t.equal(retryMs(1, Number.MAX_SAFE_INTEGER), 600_000)
})

t.test('nothing waits longer than that, whatever the clock did', async (t) => {
  t.equal(dueMs(NOW - 1, NOW), 0)
  t.equal(dueMs(NOW + 600_000, NOW), 600_000)
  t.equal(dueMs(NOW + 600_001, NOW), 0)
})
