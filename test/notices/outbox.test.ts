import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Receipt } from '../../src/notices/notice.ts'
import { NoticeError } from '../../src/notices/notice-error.ts'
import { type OutboxOptions, openOutbox } from '../../src/notices/outbox.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { OutboxMessage } from '../../src/record/outbox.ts'
import { until } from '../helpers/service.ts'

const UNAVAILABLE = new NoticeError('not now', { isRefused: true, isFinal: false, retryAfterMs: null })

const SUPERSEDED = 'a newer text of the same message takes its place'

/** An outbox whose time passes as soon as it waits, and the other side of it. */
function setUp(test: Test, more: Partial<OutboxOptions> = {}) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), (told) => test.fail(told))
  test.teardown(() => ledger.close())
  let now = 1_700_000_000_000
  const waits: number[] = []
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      waits.push(ms)
      now += ms
    },
  }
  const delivered: string[] = []
  const events: Record<string, unknown>[] = []
  const answers: (Error | Receipt)[] = []
  let id = 100
  const options: OutboxOptions = {
    ledger,
    clock,
    logger: pino({}, { write: (line: string) => events.push(JSON.parse(line)) }),
    hurry: new AbortController().signal,
    async notify(message) {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      delivered.push(message)
      return answer ?? { output: 'OK', messageId: id++ }
    },
    async amend(messageId, content) {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      delivered.push(`${messageId}: ${content}`)
      return true
    },
    arrived: null,
    at: () => null,
    ...more,
  }
  const open = (changes: Partial<OutboxOptions> = {}) => {
    const outbox = openOutbox({ ...options, ...changes })
    test.teardown(() => outbox.close(0))
    return outbox
  }
  let keys = 0
  const message = (content: string, changes: Partial<OutboxMessage> = {}): OutboxMessage => ({
    key: `key ${keys++}`,
    runId: 'a-run',
    conversation: 'here',
    edits: null,
    content,
    instead: null,
    isUrgent: false,
    createdAt: now,
    ...changes,
  })
  const states = () => ledger.outboxRows(null, 100).map(({ state }) => state)
  const settled = () => until('nothing waits', () => ledger.outboxCounts().pending === 0)
  const logged = (name: string) => events.filter(({ msg }) => msg === name)
  return {
    ledger,
    clock,
    waits,
    delivered,
    answers,
    open,
    message,
    states,
    settled,
    logged,
    pass: (ms: number) => {
      now += ms
    },
  }
}

t.test(
  'what comes in is sent in its order, what is urgent first, each conversation for itself',
  async (t) => {
    const gate = Promise.withResolvers<void>()
    const { open, message, delivered, settled, ledger } = setUp(t)
    const outbox = open({
      async notify(text) {
        await gate.promise
        delivered.push(text)
        return { output: 'OK', messageId: null }
      },
    })
    outbox.add(message('a'))
    outbox.add(message('b'))
    outbox.add(message('c', { isUrgent: true }))
    outbox.add(message('elsewhere', { conversation: 'there' }))
    outbox.add(message('d'))
    gate.resolve()
    await settled()
    t.same(
      delivered.filter((text) => text !== 'elsewhere'),
      ['c', 'a', 'b', 'd'],
    )
    t.match(ledger.outboxRows('sent', 1), [
      { content: 'd', state: 'sent', attempts: 1, sentId: null, why: null },
    ])
  },
)

t.test('one message a key, and edits take the place of a text', async (t) => {
  const { open, message, delivered, settled } = setUp(t)
  const outbox = open()
  const edit = message('the end', { edits: 42, instead: 'instead' })
  outbox.add(edit)
  outbox.add({ ...edit, content: 'another end' })
  await settled()
  t.same(delivered, ['42: the end'])
})

t.test('where a message may not be edited any more, another one is sent', async (t) => {
  const { open, message, delivered, settled, ledger } = setUp(t)
  open({ amend: async () => false }).add(message('the end', { edits: 42, instead: 'instead' }))
  await settled()
  t.same(delivered, ['instead'])
  t.match(ledger.outboxRows(null, 1), [{ edits: null, sentId: 100, attempts: 2 }])
})

t.test('what fails is tried again after growing waits, and holds its conversation', async (t) => {
  const { open, message, delivered, settled, answers, waits, logged } = setUp(t)
  answers.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)
  const outbox = open()
  outbox.add(message('a'))
  outbox.add(message('b'))
  await settled()
  t.same(delivered, ['a', 'b'])
  t.same(waits, [1000, 2000, 4000])
  t.match(logged('notice.end.fail'), [{ run_id: 'a-run', error: 'not now' }])
  t.equal(logged('notice.end.fail').length, 1, 'once a message')
})

t.test('what the other side would never take, and what it did not take for a day, is given up', async (t) => {
  const { open, message, delivered, settled, answers, states, logged, ledger, pass } = setUp(t)
  answers.push(new NoticeError('never', { isRefused: true, isFinal: true, retryAfterMs: null }))
  const outbox = open()
  outbox.add(message('a'))
  outbox.add(message('b'))
  await settled()
  t.same(delivered, ['b'])
  t.same(states(), ['sent', 'given_up'])
  t.match(logged('outbox.given_up'), [{ error: 'never' }])
  answers.push(UNAVAILABLE)
  const old = message('c')
  pass(86_400_000)
  outbox.add(old)
  await settled()
  t.match(ledger.outboxCounts(), { pending: 0, givenUp: 2, oldestAt: null })
})

t.test('twenty calls a minute a conversation', async (t) => {
  const { open, message, delivered, settled, waits } = setUp(t)
  const outbox = open()
  for (let i = 0; i < 45; i++) outbox.add(message(String(i)))
  await settled()
  t.same(
    delivered,
    Array.from({ length: 45 }, (_, i) => String(i)),
  )
  t.same(waits, [60_000, 60_000])
})

t.test('what others send there counts as a call, too', async (t) => {
  const { open, message, delivered, waits, ledger, clock } = setUp(t)
  const direct = { runId: 'a-run', conversation: 'here', content: 'it begins', createdAt: clock.now() }
  for (let i = 0; i < 19; i++) ledger.beginDirect({ ...direct, key: `start ${i}` })
  const outbox = open()
  outbox.add(message('a'))
  outbox.add(message('b', { isUrgent: true }))
  await until('both are sent', () => delivered.length === 2)
  t.same(delivered, ['b', 'a'])
  t.same(waits, [60_000])
  const later = clock.now() + 3_600_001
  ledger.beginDirect({ ...direct, key: 'start again', createdAt: later })
  t.same(ledger.callsSince('here', 0), [later], 'for an hour')
})

t.test('a lost answer is looked for before anything is sent again', async (t) => {
  const { open, message, delivered, settled, answers, ledger } = setUp(t)
  const asked: string[] = []
  const found: (number | null | Error)[] = [new Error('still away'), null, 7]
  const arrived = async (content: string, since: number, isKnown: (id: number) => boolean) => {
    asked.push(content)
    t.equal(since, 1_700_000_000_000)
    t.equal(isKnown(100), false)
    const one = found.shift() ?? null
    if (one instanceof Error) throw one
    return one
  }
  answers.push(new Error('the line went dead'), new Error('the line went dead'))
  open({ arrived }).add(message('a'))
  await settled()
  t.same(asked, ['a', 'a', 'a'])
  t.same(delivered, [])
  t.match(ledger.outboxRows(null, 1), [{ state: 'sent', sentId: 7, attempts: 5 }])
  t.equal(ledger.isSentId(7), true)
})

t.test('what was refused since is not looked for', async (t) => {
  const { open, message, delivered, settled, answers } = setUp(t)
  answers.push(new Error('the line went dead'), UNAVAILABLE)
  let asked = 0
  open({
    async arrived() {
      asked++
      return null
    },
  }).add(message('a'))
  await settled()
  t.equal(asked, 1)
  t.same(delivered, ['a'])
})

t.test('the next life goes on where the last one ended, whatever it was doing', async (t) => {
  const { open, message, delivered, settled, ledger } = setUp(t)
  const asked = Promise.withResolvers<void>()
  const first = open({
    notify: (_message, signal) =>
      new Promise((_resolve, reject) => {
        asked.resolve()
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  first.add(message('a'))
  first.add(message('b'))
  await asked.promise
  await first.close(0)
  t.match(ledger.outboxRows(null, 2), [
    { content: 'b', attempts: 0 },
    { content: 'a', attempts: 1, attemptedAt: Number, why: 'not delivered within 0 s' },
  ])
  open({ arrived: async () => 12 }).resume()
  await settled()
  t.same(delivered, ['b'])
})

t.test('a shutdown waits for no wait', async (t) => {
  const { open, message, answers, ledger } = setUp(t)
  answers.push(UNAVAILABLE)
  const sleeping = Promise.withResolvers<void>()
  const outbox = open({
    clock: {
      ...systemClock,
      sleep: (ms, signal) => {
        sleeping.resolve()
        return systemClock.sleep(ms * 1000, signal)
      },
    },
  })
  outbox.add(message('a', { createdAt: Date.now() }))
  await sleeping.promise
  await outbox.close(60_000)
  t.match(ledger.outboxRows(null, 1), [{ state: 'pending', attempts: 1, attemptedAt: null }])
})

t.test('what comes in goes ahead of what waits, where it is urgent', async (t) => {
  const { open, message, delivered, answers, settled } = setUp(t)
  answers.push(UNAVAILABLE)
  const sleeping = Promise.withResolvers<void>()
  const outbox = open({
    clock: {
      ...systemClock,
      now: () => 1_700_000_000_000,
      sleep: (_ms, signal) => {
        sleeping.resolve()
        return new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    },
  })
  outbox.add(message('a'))
  await sleeping.promise
  outbox.add(message('b', { isUrgent: true }))
  await until('it is sent', () => delivered.includes('b'))
  t.same(delivered, ['b'])
  await outbox.close(1000)
  open().resume()
  await settled()
  t.same(delivered, ['b', 'a'])
})

t.test('a record that cannot be read is told, and the next message tries again', async (t) => {
  const { open, message, delivered, settled, ledger, logged } = setUp(t)
  let isBroken = true
  const outbox = open({
    ledger: {
      ...ledger,
      nextInOutbox(conversation) {
        if (isBroken) throw new Error('disk I/O error')
        return ledger.nextInOutbox(conversation)
      },
    },
  })
  outbox.add(message('a'))
  await until('it is told', () => logged('outbox.fail').length === 1)
  isBroken = false
  outbox.add(message('b'))
  await settled()
  t.same(delivered, ['a', 'b'])
})

t.test('a record that cannot be read when an outbox is opened again is told, and stops nobody', async (t) => {
  const { open, message, delivered, settled, ledger, logged } = setUp(t)
  const openConversations = () => {
    throw new Error('disk I/O error')
  }
  const outbox = open({ ledger: { ...ledger, openConversations } })
  outbox.resume()
  t.match(logged('outbox.fail'), [{ error: 'disk I/O error' }])
  outbox.add(message('a'))
  await settled()
  t.same(delivered, ['a'])
})

t.test('of the edits of a message only the newest is sent; the others are named as such', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { open, message, delivered, settled, ledger, logged } = setUp(t)
  const outbox = open({
    async amend(messageId, content) {
      await gate.promise
      delivered.push(`${messageId}: ${content}`)
      return true
    },
  })
  const edit = (content: string, edits = 42) => outbox.add(message(content, { edits, instead: content }))
  edit('a third of it')
  edit('elsewhere', 43)
  await until('the first is on its way', () =>
    ledger.outboxRows(null, 9).some(({ attempts }) => attempts > 0),
  )
  edit('half of it')
  edit('two thirds of it')
  outbox.add(message('said beside it'))
  edit('all of it')
  t.same(
    ledger.outboxRows('superseded', 9).map(({ content, doneAt, why }) => [content, doneAt, why]),
    ['two thirds of it', 'half of it', 'a third of it'].map((content) => [
      content,
      1_700_000_000_000,
      SUPERSEDED,
    ]),
  )
  gate.resolve()
  await settled()
  t.same(delivered, ['42: a third of it', '43: elsewhere', 'said beside it', '42: all of it'])
  t.same(
    ledger
      .outboxRows(null, 9)
      .map(({ content, state }) => `${content}: ${state}`)
      .reverse(),
    [
      'a third of it: sent',
      'elsewhere: sent',
      'half of it: superseded',
      'two thirds of it: superseded',
      'said beside it: sent',
      'all of it: sent',
    ],
  )
  t.same(logged('outbox.given_up'), [])
})

t.test('an edit that fails after a newer one came in is not tried again, nor given up', async (t) => {
  for (const isFinal of [false, true]) {
    const { open, message, delivered, settled, ledger } = setUp(t)
    const asked = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    let calls = 0
    const outbox = open({
      async amend(messageId, content) {
        calls++
        asked.resolve()
        await gate.promise
        if (calls === 1) throw new NoticeError('not so', { isRefused: false, isFinal, retryAfterMs: null })
        delivered.push(`${messageId}: ${content}`)
        return true
      },
    })
    outbox.add(message('half of it', { edits: 42 }))
    await asked.promise
    outbox.add(message('all of it', { edits: 42 }))
    gate.resolve()
    await settled()
    t.same(delivered, ['42: all of it'])
    t.match(ledger.outboxRows(null, 9), [{ state: 'sent' }, { state: 'superseded', why: SUPERSEDED }])
  }
})

t.test('a final goes out at once, whatever became of progress before it', async (t) => {
  const { open, message, delivered, settled, answers, waits, ledger } = setUp(t)
  answers.push(new Error('the line went dead'))
  const asleep = Promise.withResolvers<void>()
  const outbox = open({
    clock: {
      ...systemClock,
      now: () => 1_700_000_000_000,
      async sleep(ms, signal) {
        waits.push(ms)
        asleep.resolve()
        return new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    },
  })
  outbox.add(message('progress'))
  await asleep.promise
  t.match(ledger.outboxRows('pending', 1), [{ attemptedAt: Number }], 'nobody knows whether it arrived')
  outbox.add(message('the end', { isUrgent: true }))
  await until('it is sent', () => delivered.includes('the end'))
  t.same(delivered, ['the end'])
  await outbox.close(1000)
  open().resume()
  await settled()
  t.same(delivered, ['the end', 'progress'])
})

t.test('who wants to be left alone is, also by what is urgent', async (t) => {
  const { open, message, delivered, settled, answers } = setUp(t)
  answers.push(new NoticeError('slow down', { isRefused: true, isFinal: false, retryAfterMs: 28_700 }))
  const gate = Promise.withResolvers<void>()
  const waits: number[] = []
  let now = 1_700_000_000_000
  const outbox = open({
    clock: {
      ...systemClock,
      now: () => now,
      async sleep(ms) {
        waits.push(ms)
        await gate.promise
        now = 1_700_000_000_000 + ms
      },
    },
  })
  outbox.add(message('progress'))
  await until('it waits', () => waits.length === 1)
  outbox.add(message('the end', { isUrgent: true }))
  outbox.add(message('there', { conversation: 'there' }))
  await until('both wait', () => waits.length === 2 && delivered.length === 1)
  t.same(delivered, ['there'])
  gate.resolve()
  await settled()
  t.same(delivered, ['there', 'the end', 'progress'])
  t.same(waits, [28_700, 28_700])
})

t.test('what goes elsewhere is sent there, and whoever waits learns what became of it', async (t) => {
  const { open, message, delivered, ledger } = setUp(t)
  const outbox = open({
    at: (conversation) =>
      conversation === 'there'
        ? async (text) => {
            delivered.push(`there: ${text}`)
            return { output: 'OK', messageId: 7 }
          }
        : null,
  })
  t.equal(ledger.inOutbox('a'), null)
  for (const conversation of ['there', 'here']) {
    const settled = outbox.settled()
    outbox.add(message('Hello', { key: conversation, conversation }))
    await settled
  }
  t.strictSame(delivered, ['there: Hello', 'Hello'])
  t.match(ledger.inOutbox('there'), { state: 'sent', sentId: 7 })
})
