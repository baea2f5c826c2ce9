import path from 'node:path'
import t, { type Test } from 'tap'
import { openLedger } from '../../../src/record/ledger.ts'
import { NO_BUDGET } from '../../../src/runs/budget/budget.ts'
import { dayOf, nextDayAt } from '../../../src/runs/budget/day.ts'
import { createDays } from '../../../src/runs/budget/days.ts'

const HOUR_MS = 3_600_000
const CAP = { maxTokens: 1000, maxCostUsd: 2 }
const tokens = (count: number) => ({ tokens: count, costUsd: null })

/** Days on a real record, by a clock that goes where the test wants it, and further lives of them. */
function setUp(test: Test, cap = CAP) {
  process.env.TZ = 'Europe/Berlin'
  const file = path.join(test.testdir(), 'looper.db')
  let now = Date.parse('2026-11-27T21:00:00Z')
  const near: string[] = []
  const live = () => {
    const ledger = openLedger(file, (message) => test.fail(message))
    test.teardown(() => ledger.close())
    const days = createDays({ ledger, clock: { now: () => now }, cap })
    days.onNear(({ day }) => near.push(day))
    return { ...days, ledger }
  }
  const at = (time: string) => {
    now = Date.parse(time)
  }
  return { live, at, near }
}

t.test('a day is that of the time zone, with 23, 24 or 25 hours, and may begin late', async (t) => {
  for (const [zone, time, day, hours] of [
    ['Europe/Berlin', '2026-11-27T22:59:59.999Z', '2026-11-27', 24],
    ['Europe/Berlin', '2026-11-27T23:00:00Z', '2026-11-28', 24],
    ['Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25', 25],
    ['Pacific/Apia', '2026-11-26T11:00:00Z', '2026-11-27', 24],
    ['America/Sao_Paulo', '2018-11-03T03:00:00Z', '2018-11-03', 24],
    ['America/Sao_Paulo', '2018-11-04T03:00:00Z', '2018-11-04', 23],
  ] as const) {
    process.env.TZ = zone
    const at = Date.parse(time)
    t.equal(dayOf(at), day, `${zone} ${time}`)
    const next = nextDayAt(at)
    t.not(dayOf(next), day)
    t.equal(dayOf(next - 1), day)
    if (time.endsWith(':00Z')) t.equal((next - at) / HOUR_MS, hours, `${zone} ${day}`)
  }
})

t.test('what runs use adds up, survives the service, and counts once', async (t) => {
  const { live, near } = setUp(t)
  const days = live()
  days.take('a', tokens(300))
  days.take('b', { tokens: 200, costUsd: 0.5 })
  days.take('a', tokens(300))
  days.take('a', tokens(250))
  days.take('a', { tokens: null, costUsd: null })
  t.match(days.today(), { day: '2026-11-27', tokens: 500, costUsd: 0.5, usedUp: null, cap: CAP })
  const next = live()
  t.match(next.today(), { tokens: 500, costUsd: 0.5 })
  next.take('a', tokens(300))
  t.equal(next.today().tokens, 500, 'an adopted run is counted from its beginning')
  t.equal(next.refusal(), null)
  t.same(near, [])
  next.take('a', tokens(600))
  next.take('a', tokens(650))
  t.same(near, ['2026-11-27'])
  live().take('a', tokens(660))
  t.same(near, ['2026-11-27'], 'it is told once a day, also over restarts')
})

t.test('a cap that is reached ends what runs, and refuses the rest until midnight', async (t) => {
  const { live, at } = setUp(t)
  const days = live()
  const over = new AbortController()
  const [one, other, gone] = [days.reached(over.signal), days.reached(over.signal), new AbortController()]
  const left = days.reached(gone.signal)
  gone.abort()
  t.equal(await left, null)
  days.take('a', { tokens: 1, costUsd: 1.5 })
  days.take('b', { tokens: 1, costUsd: 0.6 })
  const why = { outcome: 'over_budget', cause: "today's runs have used $2.10 of $2.00" }
  t.match(await one, why)
  t.match(await other, why)
  t.match(await live().reached(over.signal), why, 'also what is adopted')
  t.match(days.refusal(), {
    code: 'LOOPER_BUDGET_SPENT',
    status: 429,
    retryAfterSeconds: 7200,
    message: "today's runs have used $2.10 of $2.00; nothing is launched before 2026-11-27T23:00:00.000Z",
  })
  at('2026-11-27T22:59:59.999Z')
  t.match(days.refusal(), { retryAfterSeconds: 1 })
  at('2026-11-27T23:00:00Z')
  t.equal(days.refusal(), null)
})

t.test('a run over midnight counts on both days, also where the clock is set back', async (t) => {
  const { live, at } = setUp(t)
  const days = live()
  days.take('a', { tokens: 100, costUsd: 1 })
  at('2026-11-27T23:30:00Z')
  days.take('a', { tokens: 150, costUsd: 1.25 })
  t.match(days.today(), { day: '2026-11-28', tokens: 50, costUsd: 0.25 })
  at('2026-11-27T22:30:00Z')
  days.take('a', { tokens: 180, costUsd: 1.25 })
  t.match(days.today(), { day: '2026-11-27', tokens: 130, costUsd: 1 })
  at('2036-01-01T12:00:00Z')
  days.take('a', tokens(181))
  t.match(days.today(), { day: '2036-01-01', tokens: 1 })
  at('2026-11-27T22:30:00Z')
  t.match(live().today(), { tokens: 130, costUsd: 1 })
})

t.test('numbers without measure are bounded, and written', async (t) => {
  const { live } = setUp(t)
  const days = live()
  days.take('a', { tokens: -5, costUsd: -1 })
  t.match(days.today(), { tokens: 0, costUsd: 0 })
  for (const id of ['a', 'b', 'c']) days.take(id, { tokens: 1e300, costUsd: 1e300 })
  days.take('a', { tokens: 0.5, costUsd: 0 })
  t.match(days.today(), { tokens: 3e15, costUsd: 3e9 })
  t.match(live().today(), { tokens: 3e15, costUsd: 3e9 })
})

t.test('what is left of the day is the budget of an agent that stops by itself', async (t) => {
  const { live } = setUp(t)
  const days = live()
  days.take('a', { tokens: 1, costUsd: 0.5 })
  t.same(days.within(NO_BUDGET), { maxTokens: 0, maxCostUsd: 1.5 })
  t.same(days.within({ maxTokens: 5, maxCostUsd: 1 }), { maxTokens: 5, maxCostUsd: 1 })
  t.same(days.within({ maxTokens: 5, maxCostUsd: 9 }), { maxTokens: 5, maxCostUsd: 1.5 })
  days.take('a', { tokens: 1, costUsd: 9 })
  t.same(days.within(NO_BUDGET), { maxTokens: 0, maxCostUsd: 0.01 })
  const free = setUp(t, NO_BUDGET).live()
  t.same(free.within({ maxTokens: 5, maxCostUsd: 9 }), { maxTokens: 5, maxCostUsd: 9 })
  t.equal(free.refusal(), null)
})

t.test('old days are forgotten', async (t) => {
  const { live, at } = setUp(t)
  const days = live()
  for (let day = 1; day <= 31; day++) {
    at(`2026-10-${String(day).padStart(2, '0')}T12:00:00Z`)
    days.take(`run ${day}`, tokens(1))
  }
  const kept = days.ledger.spending().map(({ day }) => day)
  t.equal(kept.length, 30)
  t.equal(kept[0], '2026-10-02')
})
