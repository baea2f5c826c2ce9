import path from 'node:path'
import t, { type Test } from 'tap'
import type { NewDevice } from '../../src/push/device.ts'
import { openDevices } from '../../src/push/devices.ts'
import type { PushEvent } from '../../src/push/event.ts'
import { openMessages } from '../../src/push/messages.ts'
import { payloadOf } from '../../src/push/payload.ts'
import { PUSH_TABLES } from '../../src/push/tables.ts'
import { openLedger } from '../../src/record/ledger.ts'

const SHOWN = { tag: 'x', title: 'x', body: 'x', to: '', choices: [], time: null, isQuiet: false }
const DAY = 86_400_000

function setUp(test: Test) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), test.fail)
  test.teardown(() => ledger.close())
  const tables = ledger.tablesOf(PUSH_TABLES)
  const clock = { at: 1000, now: () => clock.at }
  const devices = openDevices(tables, clock)
  const messages = openMessages(tables)
  const device = (name: string, more: Partial<NewDevice> = {}) =>
    devices.put({
      endpoint: `https://fcm.googleapis.com/${name}`,
      keys: { p256dh: Buffer.alloc(65), auth: Buffer.alloc(16) },
      wants: ['asks', 'ends', 'holds'],
      name,
      owner: null,
      ...more,
    })
  const add = (...events: PushEvent[]) =>
    messages.add(devices.all(), events, ({ key }) => `of ${key}`, clock.at)
  return { tables, clock, devices, messages, device, add }
}

const event = (key: string, more: Partial<PushEvent> = {}): PushEvent => ({
  key,
  want: 'ends',
  at: 1000,
  expiresAt: 9000,
  isUrgent: false,
  after: null,
  unless: null,
  shown: SHOWN,
  ...more,
})

t.test('each device is told what it wants, of what came after it, once', async (t) => {
  const { messages, device, add, clock } = setUp(t)
  t.equal(messages.next(1), null)
  t.same([...messages.counts()], [])
  const one = device('one')
  const other = device('other', { wants: ['asks'] })
  clock.at = 2000
  const late = device('late')
  add(event('a'), event('b', { want: 'asks', isUrgent: true }), event('c', { at: 2500 }))
  add(event('a'), event('c', { at: 2500 }), event('c', { at: 2500 }))
  t.same(messages.waiting(), [one.id, other.id, late.id])
  const keys = (id: number) => {
    const found: string[] = []
    for (let row = messages.next(id); row; row = messages.next(id)) {
      found.push(row.payload)
      messages.settle(row.id, { state: 'sent', at: 3000 })
    }
    return found
  }
  t.same(keys(one.id), ['of b', 'of a', 'of c'], 'what is urgent goes first, then what is old')
  t.same(keys(other.id), ['of b'])
  t.same(keys(late.id), ['of c'])
  t.same(messages.waiting(), [])
  add(event('a'))
  t.equal(messages.next(one.id), null, 'it stays told')
})

t.test('a device that changes its mind is told what happens from then on', async (t) => {
  const { messages, device, add, clock } = setUp(t)
  const { id } = device('one', { wants: [] })
  clock.at = 2000
  t.match(device('one'), { id, createdAt: 2000 })
  add(event('a'), event('b', { at: 2000 }))
  t.match(messages.next(id), { payload: 'of b' })
})

t.test('the end of something is told to who was told of it, and to nobody who never saw it', async (t) => {
  const { messages, device, add } = setUp(t)
  const [saw, waits, tried] = [device('saw'), device('waits'), device('tried')]
  add(event('ask'))
  const row = (id: number) => messages.next(id) ?? t.fail('nothing')
  const idOf = (id: number) => Number(Object(row(id)).id)
  messages.settle(idOf(saw.id), { state: 'sent', at: 1 })
  messages.attempt(idOf(tried.id))
  const late = device('late')
  const end = event('ask settled', { after: 'ask' })
  add(end)
  add(end)
  t.match(messages.next(saw.id), { payload: 'of ask settled' })
  t.match(messages.next(tried.id), { payload: 'of ask settled' }, 'it may have been seen')
  t.equal(messages.next(waits.id), null)
  t.equal(messages.next(late.id), null)
})

t.test('what is told already in other words is not told again', async (t) => {
  const { messages, device, add } = setUp(t)
  const { id } = device('one')
  add(event('hold a% 1'))
  add(event('hold a% 2', { unless: 'hold a% ' }), event('hold b 2', { unless: 'hold b ' }))
  add(event('hold a% 3'))
  const next = () => {
    const row = messages.next(id)
    if (row) messages.settle(row.id, { state: 'sent', at: 1 })
    return row?.payload
  }
  t.same([next(), next(), next(), next()], ['of hold a% 1', 'of hold b 2', 'of hold a% 3', undefined])
})

t.test('what became of messages is counted, and forgotten when it is old', async (t) => {
  const { messages, device, devices, add, clock, tables } = setUp(t)
  const [one, other] = [device('one'), device('other')]
  add(event('a'), event('b'), event('ask', { want: 'asks' }), event('ended', { want: 'asks' }))
  const ids = tables.rows('SELECT id FROM push_messages WHERE device_id = 1').map(({ id }) => Number(id))
  const [a = 0, b = 0, ask = 0, ended = 0] = ids
  messages.settle(a, { state: 'given_up', at: 2000, why: 'too large' })
  messages.settle(b, { state: 'pending', nextAt: 5000.5, why: 'tired' })
  messages.settle(ask, { state: 'sent', at: 2000 })
  t.same(messages.counts().get(one.id), { pending: 2, givenUp: 1, why: 'tired' })
  t.same(messages.counts().get(other.id), { pending: 4, givenUp: 0, why: null })
  messages.settle(b, { state: 'sent', at: 6000 })
  messages.settle(ended, { state: 'sent', at: 6000 })
  t.same(messages.counts().get(one.id), { pending: 0, givenUp: 1, why: 'too large' })
  const left = () =>
    tables.rows('SELECT key FROM push_messages WHERE device_id = 1 ORDER BY id').map(({ key }) => key)
  clock.at = 2.5 * DAY
  add(event('new', { at: clock.at }))
  t.same(left(), ['ask', 'ended', 'new'])
  t.equal(tables.rows('SELECT * FROM push_messages WHERE device_id = 2').length, 5, 'what waits stays')
  clock.at = 40 * DAY
  add(event('newer', { at: clock.at }))
  t.same(left(), ['new', 'newer'], 'what waits stays')
  devices.remove(one.id)
  t.same(left(), [], 'they go with their device')
})

t.test('what is sent is cut between characters, has no secrets, and fits', async (t) => {
  const redact = (text: string) => text.replaceAll('hunter2', '[redacted]')
  const read = (json: string) => JSON.parse(json)
  const small = payloadOf(
    {
      ...SHOWN,
      title: 'a\u001b[2Jb\nc',
      body: 'the hunter2\nis it',
      choices: ['yes', 'no hunter2', 'x'],
      time: 0,
    },
    redact,
  )
  t.strictSame(read(small), {
    tag: 'x',
    title: 'ab c',
    body: 'the [redacted] is it',
    to: '',
    choices: ['yes', 'no [redacted]'],
    time: '1970-01-01T00:00:00.000Z',
    quiet: false,
  })
  for (const piece of ['x', '"', '\\', '😀', '€', '\u200b', '\ud800']) {
    const long = piece.repeat(100_000)
    const json = payloadOf(
      { ...SHOWN, tag: 'ask 234567', title: long, body: long, to: '#/asks/234567', choices: [long, long] },
      redact,
    )
    t.ok(Buffer.byteLength(json) <= 3000, `${piece} ${Buffer.byteLength(json)}`)
    const { title, body } = read(json)
    t.ok(`${title}${body}`.isWellFormed())
  }
  t.ok(read(payloadOf({ ...SHOWN, body: '😀'.repeat(9999) }, redact)).body.length > 300)
})
