import t from 'tap'
import { timeOf } from '../../../src/base/iso-time.ts'
import { byClock, type Hold, heldAfter, isUnsure } from '../../../src/runs/holds/hold.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A run that met a limit when it had just been launched. */
const met = (until: number | null, changes: object = {}) => ({
  agent: 'codex',
  runId: 'a',
  launchedAt: NOW - 1,
  hasWorked: false,
  until,
  ...changes,
})
const afterReset = (hold: Hold) => ({ launchedAt: hold.tryAt })

t.test('a limit whose reset is known is held until then, and everything begins', async (t) => {
  const hold = heldAfter(null, met(NOW + 10 * MINUTE), NOW)
  t.match(hold, {
    since: NOW,
    until: NOW + 10 * MINUTE,
    tryAt: NOW + 10 * MINUTE + 2000,
    tries: 0,
    probe: null,
  })
  t.equal(isUnsure(hold), false)
})

t.test(
  'where the reset is not known, or makes no sense, one run is let through in five minutes',
  async (t) => {
    const absurd = [
      null,
      0,
      NOW - 1,
      NOW,
      NOW + 36 * DAY,
      8.64e15,
      Number.MAX_VALUE,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]
    for (const until of absurd) {
      const hold = heldAfter(null, met(until), NOW)
      t.match(hold, { until: null, tryAt: NOW + 5 * MINUTE, tries: 0 }, String(until))
      t.equal(isUnsure(hold), true)
    }
  },
)

t.test('each probe that finds the same is waited for twice as long, up to four hours', async (t) => {
  let hold = { ...heldAfter(null, met(null), NOW), isTold: true }
  const waits = [hold.tryAt - NOW]
  for (let n = 0; n < 8; n++) {
    const now = hold.tryAt + 1000
    hold = heldAfter(hold, met(null, afterReset(hold)), now)
    waits.push(hold.tryAt - now)
    t.equal(hold.isTold, true, 'that is no news')
  }
  t.same(
    waits.map((ms) => ms / MINUTE),
    [5, 10, 20, 40, 80, 160, 240, 240, 240],
  )
})

t.test('a reset that was none is waited for longer and longer, too', async (t) => {
  let hold = heldAfter(null, met(NOW + 1000), NOW)
  const waits: number[] = []
  for (let n = 0; n < 3; n++) {
    const now = hold.tryAt
    hold = heldAfter(hold, met(now + 1000, afterReset(hold)), now)
    t.match(hold, { isTold: false, until: now + 1000 })
    t.equal(isUnsure(hold), true)
    waits.push((hold.tryAt - now) / MINUTE)
  }
  t.same(waits, [5, 10, 20])
  const worked = heldAfter(
    hold,
    met(hold.tryAt + MINUTE, { ...afterReset(hold), hasWorked: true }),
    hold.tryAt,
  )
  t.match(
    worked,
    { tries: 0, tryAt: hold.tryAt + MINUTE + 2000 },
    'one that worked in between met the next limit',
  )
})

t.test('runs that were launched before meet the same limit: the latest reset counts', async (t) => {
  const first = { ...heldAfter(null, met(NOW + 10 * MINUTE), NOW), isTold: true }
  t.match(heldAfter(first, met(NOW + 5 * MINUTE, { runId: 'b' }), NOW), {
    tryAt: first.tryAt,
    runId: 'b',
    isTold: true,
  })
  t.match(heldAfter(first, met(null, { runId: 'c' }), NOW), {
    tryAt: first.tryAt,
    until: first.until,
    runId: 'c',
  })
  t.match(heldAfter(first, met(NOW + DAY), NOW), { tryAt: NOW + DAY + 2000, until: NOW + DAY, tries: 0 })
  const unknown = heldAfter(null, met(null), NOW)
  t.match(heldAfter(unknown, met(NOW + MINUTE), NOW), { tryAt: NOW + MINUTE + 2000, until: NOW + MINUTE })
})

t.test('a clock that was set back makes nothing wait longer than it had', async (t) => {
  const hold = heldAfter(null, met(NOW + 10 * MINUTE), NOW)
  t.equal(byClock(hold, NOW + MINUTE), hold)
  t.equal(byClock(hold, NOW - 30_000), hold, 'a little')
  const year = NOW - 365 * DAY
  t.match(byClock(hold, year), {
    since: year,
    tryAt: year + 10 * MINUTE + 2000,
    until: year + 10 * MINUTE + 2000,
  })
  t.match(byClock({ ...hold, until: null, tryAt: NOW + 900 * DAY }, year), {
    until: null,
    tryAt: year + 35 * DAY,
  })
  t.match(byClock({ ...hold, tryAt: NOW - DAY }, year), { tryAt: year })
})

t.test('a hold without an end has none in the words of the API', async (t) => {
  t.equal(timeOf(null), null)
  t.equal(timeOf(0), '1970-01-01T00:00:00.000Z')
})
