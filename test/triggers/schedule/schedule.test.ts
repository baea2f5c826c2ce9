import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { MAX_TIMER_MS } from '../../../src/base/clock.ts'
import { openLedger } from '../../../src/record/ledger.ts'
import type { RunIntent } from '../../../src/record/run-record.ts'
import { unstarted } from '../../../src/runs/outcome.ts'
import { dueTime } from '../../../src/triggers/schedule/due-time.ts'
import { keepTime } from '../../../src/triggers/schedule/keep-time.ts'
import { openSchedule } from '../../../src/triggers/schedule/schedule.ts'
import { intentOf } from '../../helpers/record.ts'
import { until } from '../../helpers/service.ts'

const LIMITS = { maxWaiting: 4, maxPerSlot: 3, maxDepth: 2 }
const NOW = Date.parse('2026-11-27T12:00:00Z')

function setUp(test: Test) {
  const file = path.join(test.testdir(), 'looper.db')
  const open = () => {
    const ledger = openLedger(file, () => undefined)
    return { ledger, schedule: openSchedule(ledger, LIMITS) }
  }
  let opened = open()
  test.teardown(() => opened.ledger.close())
  return {
    ...opened,
    file,
    restart() {
      opened.ledger.close()
      opened = open()
      return opened
    },
  }
}

let count = 0
const asked = (dueAt: number, more: Partial<RunIntent> = {}, byRun = 'a') => ({
  intent: intentOf(`run-${++count}`, { trigger: 'tool', caller: byRun, name: 'later', ...more }),
  body: JSON.stringify({ zulip_message: 'later', if_running: 'queue' }),
  dueAt,
  byRun,
})

t.test('a time is one, or after so long, within so many days', async (t) => {
  t.equal(dueTime({ in_seconds: 90 }, NOW, 1), NOW + 90_000)
  t.equal(dueTime({ at: '2026-11-27T18:30:00+01:00' }, NOW, 1), NOW + 5.5 * 3_600_000)
  t.equal(dueTime({ at: '2026-11-27t12:30z' }, NOW, 1), NOW + 1_800_000)
  for (const [wanted, message] of [
    [{}, /either/],
    [{ in_seconds: 1, at: '2026-11-27T12:30:00Z' }, /either/],
    [{ at: '2026-11-27T12:30:00' }, /with its zone/],
    [{ at: '2026-02-31T12:30:00Z' }, /with its zone/],
    [{ at: '2026-11-27T25:30:00Z' }, /with its zone/],
    [{ at: 'tomorrow' }, /with its zone/],
    [{ at: '2026-11-27T11:59:59Z' }, /is over already; it is 2026-11-27T12:00:00.000Z now/],
    [{ in_seconds: 86_401 }, /more than 1 days ahead \(LOOPER_SCHEDULE_MAX_DAYS\)/],
  ] as const)
    t.throws(() => dueTime(wanted, NOW, 1), { code: 'LOOPER_FIELD_INVALID', message }, JSON.stringify(wanted))
})

t.test('what is due begins to wait for its slot once, also with a clock that is set back', async (t) => {
  const { ledger, schedule, restart } = setUp(t)
  t.same(schedule.waiting(), [])
  t.same(schedule.fire(NOW), [])
  const second = schedule.add(asked(NOW + 2000, { slot: 'b' }), NOW)
  const first = schedule.add(asked(NOW + 1000), NOW)
  t.match(schedule.waiting(), [{ id: first.id, slot: 'default', depth: 1, byRun: 'a' }, { id: second.id }])
  t.same(schedule.fire(NOW + 999), [])
  t.match(schedule.fire(NOW + 1500), [{ id: first.id, runId: first.runId }])
  t.match(ledger.waitingIn('default', 9), [{ runId: first.runId, requestedAt: NOW + 1500, name: 'later' }])
  t.same(schedule.fire(NOW - 5000), [])
  t.same(schedule.fire(NOW + 1500), [], 'not again')
  const next = restart()
  t.match(next.schedule.waiting(), [{ id: second.id }])
  t.match(next.schedule.fire(NOW + 3_600_000 + 2000), [{ id: second.id }])
  t.match(JSON.parse(next.ledger.waitingIn('b', 1)[0]?.asked ?? ''), {
    zulip_message: 'later\nIt was due at 2026-11-27T12:00:02.000Z, and is 1 h late.',
    if_running: 'queue',
  })
  t.match(JSON.parse(next.ledger.waitingIn('default', 1)[0]?.asked ?? ''), { zulip_message: 'later' })
  t.same(next.schedule.waiting(), [])
})

t.test('it is put into the line and taken off the schedule together, or neither', async (t) => {
  const { file, ledger, schedule } = setUp(t)
  const one = schedule.add(asked(NOW), NOW)
  ledger.begin(intentOf(one.runId))
  t.throws(() => schedule.fire(NOW), { code: 'LOOPER_LEDGER_UNWRITABLE' }, 'there is such a run')
  t.match(schedule.waiting(), [{ id: one.id }])
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  t.throws(() => schedule.add(asked(NOW), NOW), { code: 'LOOPER_LEDGER_UNWRITABLE' })
  other.exec('ROLLBACK')
  other.close()
})

t.test('a cancelled one does not begin; one that began is none to cancel', async (t) => {
  const { schedule } = setUp(t)
  const one = schedule.add(asked(NOW), NOW)
  const two = schedule.add(asked(NOW), NOW)
  t.match(schedule.cancel(one.id), { id: one.id })
  t.equal(schedule.cancel(one.id), null)
  t.match(schedule.fire(NOW), [{ id: two.id }])
  t.equal(schedule.cancel(two.id), null)
})

t.test('so many wait, in all and in a slot', async (t) => {
  const { schedule } = setUp(t)
  for (let n = 0; n < 3; n++) schedule.add(asked(NOW), NOW)
  const limit = (message: RegExp) => ({ code: 'LOOPER_SCHEDULE_LIMIT', message })
  t.throws(() => schedule.add(asked(NOW), NOW), limit(/^3 runs are scheduled in slot default already/))
  schedule.add(asked(NOW, { slot: 'b' }), NOW)
  t.throws(() => schedule.add(asked(NOW, { slot: 'c' }), NOW), limit(/^4 runs are scheduled already/))
  schedule.fire(NOW)
  t.match(schedule.add(asked(NOW), NOW), { slot: 'default' })
})

t.test(
  'a chain ends: also through runs that were asked for at once, and not after its runs are removed',
  async (t) => {
    const { ledger, schedule } = setUp(t)
    ledger.begin(intentOf('a'))
    const one = schedule.add(asked(NOW), NOW)
    schedule.fire(NOW)
    ledger.begin(intentOf('between', { trigger: 'tool', caller: one.runId }))
    const two = schedule.add(asked(NOW, {}, 'between'), NOW)
    t.match([one, two], [{ depth: 1 }, { depth: 2 }])
    schedule.fire(NOW)
    t.throws(() => schedule.add(asked(NOW, {}, two.runId), NOW), {
      code: 'LOOPER_SCHEDULE_LIMIT',
      message: /^2 runs in a row/,
    })
    t.match(schedule.add(asked(NOW, {}, 'a'), NOW), { depth: 1 })
    for (const runId of [one.runId, two.runId]) {
      ledger.finish(runId, { ...unstarted(null), endedAt: NOW, outputBytes: null, tokensUsed: null })
      ledger.remove(runId)
    }
    t.match(schedule.add(asked(NOW, {}, two.runId), NOW), { depth: 1 })
  },
)

t.test('a run that goes on with a scheduled one is as deep in its chain', async (t) => {
  const { ledger, schedule } = setUp(t)
  ledger.begin(intentOf('a'))
  const goOn = (runId: string) => {
    ledger.finish(runId, { ...unstarted(null), endedAt: NOW, outputBytes: null, tokensUsed: null })
    const next = `${runId}-goes-on`
    const wait = { ifRunning: 'queue', asked: '{}', place: 'first' } as const
    // As it was asked for, by whom it was.
    ledger.goOn(runId, intentOf(next, { trigger: 'tool', caller: 'a' }), wait)
    return next
  }
  const one = schedule.add(asked(NOW), NOW)
  schedule.fire(NOW)
  const two = schedule.add(asked(NOW, {}, goOn(goOn(one.runId))), NOW)
  t.equal(two.depth, 2)
  t.same(
    schedule.waiting().map(({ runId }) => runId),
    [two.runId],
    'what goes on has begun',
  )
  schedule.fire(NOW)
  t.throws(() => schedule.add(asked(NOW, {}, goOn(two.runId)), NOW), { code: 'LOOPER_SCHEDULE_LIMIT' })
  const free = goOn('a')
  t.match(schedule.add(asked(NOW, {}, free), NOW), { depth: 1 }, 'one that was never scheduled is free')
})

t.test('the time is kept: looked at again when something is scheduled, and after a failure', async (t) => {
  const { schedule } = setUp(t)
  const lines: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
  const slept: number[] = []
  let wakes = 0
  let change = Promise.withResolvers<void>()
  let fails = 0
  let at = NOW
  const ended = new AbortController()
  const kept = keepTime(
    {
      schedule: {
        waiting: schedule.waiting,
        fire(now) {
          if (fails-- > 0) throw new Error('locked')
          return schedule.fire(now)
        },
      },
      changed: () => change.promise,
      runs: { wake: () => void wakes++ },
      clock: {
        now: () => at,
        monotonic: () => at,
        async sleep(ms, signal) {
          // Nothing is scheduled: until it is told.
          if (ms === MAX_TIMER_MS) return await delay(ms, undefined, { signal })
          slept.push(ms)
          at += ms
          await delay(1, undefined, { signal })
        },
      },
      logger,
    },
    ended.signal,
  )
  t.same(slept, [], 'nothing is scheduled, and nothing is waited for')
  fails = 2
  schedule.add(asked(NOW + 70_000), NOW)
  change.resolve()
  change = Promise.withResolvers()
  await until('it is due', () => wakes === 1)
  t.same(slept, [1000, 1000, 30_000, 30_000, 8000])
  t.equal(
    lines.filter((line) => line.includes('"error":"locked","msg":"schedule.fail"')).length,
    1,
    'told once',
  )
  t.match(lines.join(''), /"late_seconds":0,"msg":"schedule.fire"/)
  ended.abort()
  await kept
})
