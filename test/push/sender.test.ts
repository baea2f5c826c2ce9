import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { Device } from '../../src/push/device.ts'
import type { PushRow, Settled } from '../../src/push/messages.ts'
import { dueMs, retryMs } from '../../src/push/pace.ts'
import type { PushMessage, PushResult } from '../../src/push/send.ts'
import { openSender } from '../../src/push/sender.ts'

const DEVICE: Device = {
  id: 1,
  endpoint: 'https://fcm.googleapis.com/x',
  keys: { p256dh: Buffer.alloc(65), auth: Buffer.alloc(16) },
  wants: [],
  name: '',
  owner: null,
  createdAt: 0,
}

/** A sender whose clock sleeps no longer than it is asked to, and tells for how long; and rows without a record. */
function setUp(results: PushResult[]) {
  const lines: Record<string, unknown>[] = []
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const rows: PushRow[] = []
  const slept: number[] = []
  const sent: PushMessage[] = []
  const settled: Settled[] = []
  const state = { now: 1000, isWelcome: true, isThere: true, problem: '' }
  const clock = {
    ...systemClock,
    now: () => state.now,
    async sleep(ms: number) {
      slept.push(ms)
      state.now += ms
    },
  }
  const ending = new AbortController()
  const sender = openSender(
    {
      devices: {
        find: () => (state.isThere ? DEVICE : null),
        remove: () => {
          rows.length = 0
        },
      },
      messages: {
        waiting: () => (rows.length > 0 ? [1] : []),
        next: () => {
          if (state.problem !== '') throw new Error(state.problem)
          return rows[0] ?? null
        },
        attempt: () => {
          const [row] = rows
          if (row) rows[0] = { ...row, attempts: row.attempts + 1 }
        },
        settle(_id, result) {
          settled.push(result)
          const [row] = rows
          if (result.state !== 'pending') rows.shift()
          else if (row) rows[0] = { ...row, nextAt: result.nextAt }
        },
      },
      isWelcome: () => state.isWelcome,
      async send(_device, message) {
        sent.push(message)
        const result = results.shift()
        if (result) return result
        ending.abort()
        throw new Error('aborted')
      },
      clock,
      logger,
    },
    ending.signal,
  )
  const add = (more: Partial<PushRow> = {}) =>
    rows.push({
      id: 1,
      tag: 'ask x',
      payload: 'p',
      isUrgent: true,
      expiresAt: 1e9,
      attempts: 0,
      nextAt: 0,
      ...more,
    })
  const work = async () => {
    sender.wake()
    sender.wake()
    await sender.settled()
  }
  return { lines, rows, slept, sent, settled, state, add, work }
}

const later = (retryAfterMs: number | null = null): PushResult => ({
  kind: 'later',
  why: 'tired',
  retryAfterMs,
})

t.test('a message is tried again after growing waits, or as long as the push service wants', async (t) => {
  const { add, work, slept, sent, settled, lines } = setUp([
    later(),
    later(),
    later(60_000),
    { kind: 'sent' },
  ])
  add()
  await work()
  t.same(slept, [1000, 2000, 60_000])
  t.match(settled.at(-1), { state: 'sent', at: 64_000 })
  t.match(sent, [
    { urgency: 'high', ttlSeconds: 999_999, payload: 'p' },
    {},
    {},
    { topic: sent[0]?.topic, ttlSeconds: 999_936 },
  ])
  t.match(sent[0]?.topic, /^[\w-]{32}$/)
  t.match(lines, [{ msg: 'push.later', error: 'tired' }], 'once a message')
})

t.test('what is refused, or no news any more, is given up, and what follows is sent', async (t) => {
  const { add, work, settled, sent, lines } = setUp([{ kind: 'refused', why: 'too large' }, { kind: 'sent' }])
  add()
  add({ id: 2, expiresAt: 1000, nextAt: 5000 })
  add({ id: 3, isUrgent: false })
  await work()
  t.match(settled, [
    { state: 'given_up', why: 'too large' },
    { state: 'given_up', why: 'it was no news any more when it could be sent' },
    { state: 'sent' },
  ])
  t.match(sent, [{}, { urgency: 'normal' }])
  t.same(
    lines.map(({ msg }) => msg),
    ['push.given_up', 'push.given_up'],
  )
})

t.test('a device that has unsubscribed, or whose token is not good any more, is told nothing', async (t) => {
  const gone = setUp([{ kind: 'gone', why: '410' }])
  gone.add()
  gone.add()
  await gone.work()
  t.equal(gone.sent.length, 1)
  t.match(gone.lines, [{ msg: 'push.device.gone', why: '410' }])
  const revoked = setUp([])
  revoked.state.isWelcome = false
  revoked.add()
  await revoked.work()
  t.equal(revoked.sent.length, 0)
  t.equal(revoked.rows.length, 0)
  const removed = setUp([])
  removed.state.isThere = false
  removed.add()
  await removed.work()
  t.equal(removed.sent.length, 0)
})

t.test('what is on its way at the end is not settled, and a record that fails is told', async (t) => {
  const ended = setUp([])
  ended.add()
  await ended.work()
  t.equal(ended.settled.length, 0)
  t.same(ended.lines, [])
  await ended.work()
  t.equal(ended.sent.length, 1)
  const failing = setUp([])
  failing.state.problem = 'no disk'
  failing.add()
  await failing.work()
  t.match(failing.lines, [{ msg: 'push.fail', error: 'no disk' }])
})

t.test('waits grow, and none is endless', async (t) => {
  t.same(
    [1, 2, 3, 10, 99].map((attempts) => retryMs(attempts, null)),
    [1000, 2000, 4000, 512_000, 600_000],
  )
  t.equal(retryMs(1, 3_600_000), 3_600_000)
  t.equal(retryMs(1, 86_400_000), 21_600_000)
  t.equal(retryMs(1, -5), 1000)
  t.same([dueMs(5000, 1000), dueMs(1000, 5000), dueMs(1e12, 0)], [4000, 0, 0])
})
