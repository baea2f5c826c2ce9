import t from 'tap'
import { createFailures } from '../../src/http/failures.ts'

/** Failures on a clock that is moved by hand. */
function setUp() {
  const clock = { ms: 0, monotonic: () => clock.ms }
  return { clock, failures: createFailures(clock) }
}

t.test('twenty failures are free, the next ones wait until the minute is over', async (t) => {
  const { clock, failures } = setUp()
  for (let i = 0; i < 20; i++) t.equal(failures.count('a'), null)
  t.equal(failures.count('a'), 60)
  clock.ms = 59_001
  t.equal(failures.count('a'), 1, 'rounded up, so that waiting is enough')
  t.equal(failures.count('b'), null, 'another address')
  clock.ms = 60_000
  t.equal(failures.count('a'), null, 'a new minute')
})

t.test('it remembers 10,000 addresses, and forgets the oldest first', async (t) => {
  const { failures } = setUp()
  for (let i = 0; i < 21; i++) failures.count('first')
  for (let i = 0; i < 20; i++) failures.count('second')
  for (let i = 0; i < 9_998; i++) failures.count(`other ${i}`)
  t.equal(failures.count('first'), 60, 'still known')
  failures.count('one more')
  t.equal(failures.count('second'), 60, 'still known')
  t.equal(failures.count('first'), null, 'forgotten')
})
