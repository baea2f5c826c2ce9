import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Heard, Hearer } from '../../../src/notices/ear.ts'
import { zulipEar } from '../../../src/notices/zulip/ear.ts'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import { beginReading } from '../../../src/settings/part.ts'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'
import { until } from '../../helpers/service.ts'

/** The thumb that points up. */
const YES = '1f44d'

async function setUp(t: Test, more: NodeJS.ProcessEnv = {}) {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const dir = t.testdir()
  const env = {
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
    ZULIPRC_PATH: '',
    LOOPER_PEOPLE: '8',
    ...more,
  }
  const settings = zulipSettings.read(beginReading(env, { projectDir: dir, home: dir }))
  const heard: string[] = []
  const states: string[] = []
  const waits: number[] = []
  const watched: number[] = []
  let last: number | null = null
  let fail = 0
  let pauseMs = 5
  let beforeWatched = () => {}
  const hearer: Hearer = {
    last: () => last,
    passed: (_account, id) => {
      last = Math.max(last ?? 0, id)
    },
    watched() {
      beforeWatched()
      return watched
    },
    async hear(_account, one: Heard) {
      if (fail > 0) {
        fail -= 1
        throw new Error('the record cannot be written')
      }
      const what = one.kind === 'said' ? one.text : `${one.sign} to ${one.messageId}`
      heard.push(`${one.person.name}: ${what}`)
    },
    connected: () => states.push('connected'),
    failed: (why) => states.push(why),
    warn: (text) => states.push(text),
  }
  const clock = {
    async sleep(ms: number, signal?: AbortSignal) {
      waits.push(ms)
      await delay(pauseMs, undefined, { ...(signal && { signal }) })
    },
  }
  let stop: () => Promise<void> = async () => undefined
  const start = () => {
    const ending = new AbortController()
    const done = zulipEar(settings, {}).listen(hearer, clock, ending.signal)
    stop = async () => {
      ending.abort()
      await done
    }
  }
  t.teardown(() => stop())
  return {
    zulip,
    people: zulip.people,
    heard,
    states,
    waits,
    watched,
    start,
    stop: () => stop(),
    pause(ms: number) {
      pauseMs = ms
    },
    onWatched(listener: () => void) {
      beforeWatched = listener
    },
    last: () => last,
    failOnce: () => {
      fail = 1
    },
  }
}

const connections = (states: readonly string[]) => states.filter((one) => one === 'connected').length

t.test('what was said before the first time is not heard, and what is said from then on is', async (t) => {
  const { people, heard, states, start, stop, last } = await setUp(t)
  people.say(8, 'long ago')
  start()
  await until('it is connected', () => states.length === 1)
  people.say(8, 'hello')
  const id = people.say(9, 'a stranger')
  people.react(8, id, YES)
  people.react(8, id, YES, 'remove')
  people.say(8, '')
  await until('all is heard', () => heard.length === 4)
  t.strictSame(heard, [
    'zulip:8 Ada Lovelace: hello',
    'zulip:9: a stranger',
    `zulip:8 Ada Lovelace: yes to ${id}`,
    'zulip:8 Ada Lovelace: ',
  ])
  await until('it went on', () => last() === id + 1)
  t.strictSame(states, ['connected'])
  const before = Date.now()
  await stop()
  t.ok(Date.now() - before < 5000, 'a poll under way is given up at once')
})

t.test(
  'what was missed is heard at the next connection, with the reactions to what is watched',
  async (t) => {
    const { people, heard, states, watched, start, stop } = await setUp(t)
    start()
    await until('it is connected', () => states.length === 1)
    const first = people.say(8, 'first')
    await until('it is heard', () => heard.length === 1)
    await stop()
    for (let n = 0; n < 1100; n++) people.say(9, `chat ${n}`)
    people.react(8, first, '0032-20e3')
    people.react(8, first, '1f389')
    watched.push(first, 999_999)
    start()
    await until('it is connected again', () => connections(states) === 2)
    t.equal(heard.length, 1 + 1 + 1100 + 1, 'the first one is heard again, for numbers may come late')
    t.equal(heard.at(-1), `zulip:8 Ada Lovelace: 2 to ${first}`)
  },
)

t.test('a queue that is forgotten is made anew at once, and nothing is missed', async (t) => {
  const { people, heard, states, waits, start } = await setUp(t)
  people.beat(20)
  start()
  await until('it polls', () => people.calls.filter((one) => one === 'GET /events').length > 2)
  people.loseQueues()
  people.say(8, 'meanwhile')
  await until('it is heard', () => heard.some((one) => one.endsWith('meanwhile')))
  await until('it is connected again', () => connections(states) === 2)
  t.match(states, ['connected', /Bad event queue ID/, 'connected'])
  t.strictSame(waits, [0])
})

t.test('a server that is away is asked again after growing waits', async (t) => {
  const { people, states, waits, start } = await setUp(t)
  people.refuse({ status: 502, body: { result: 'error', msg: 'away' } })
  start()
  await until('it waited', () => waits.length >= 10)
  t.strictSame(waits.slice(0, 9), [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  people.refuse(null)
  await until('it is connected', () => connections(states) === 1)
  t.equal(states[0], 'away')
})

t.test('a limit is left alone for as long as the server wants', async (t) => {
  const { people, states, waits, start } = await setUp(t)
  const body = { result: 'error', msg: 'slow down', code: 'RATE_LIMIT_HIT', 'retry-after': 120.5 }
  people.refuse({ status: 429, body })
  start()
  await until('it waited', () => waits.length >= 1)
  t.equal(waits[0], 120_500)
  people.refuse(null)
  await until('it is connected', () => connections(states) === 1)
})

t.test('what could not be dealt with is heard again', async (t) => {
  const { people, heard, states, start, failOnce } = await setUp(t)
  start()
  await until('it is connected', () => states.length === 1)
  failOnce()
  people.say(8, 'stop')
  await until('it is heard', () => heard.length === 1)
  t.match(states[1], 'the record cannot be written')
})

t.test('nobody listens to bots, and a number that is nobody is told', async (t) => {
  const { people, heard, states, start } = await setUp(t, { LOOPER_PEOPLE: '8,10,999,77' })
  start()
  await until('it is connected', () => connections(states) === 1)
  t.match(states, [
    'LOOPER_PEOPLE: 999 is a bot, and not listened to',
    'LOOPER_PEOPLE: the Zulip server knows no user 77',
    'connected',
  ])
  people.say(999, 'beep')
  people.say(10, 'hello')
  await until('the person is heard', () => heard.length === 1)
  t.strictSame(heard, ['zulip:10 Grace Hopper: hello'])
})

t.test('an answer of another kind is a failure with a sentence', async (t) => {
  const { zulip, people, states, start } = await setUp(t)
  const nonsense = (body: object) => people.refuse({ status: 200, body: { result: 'success', ...body } })
  zulip.interrupt((_request, response) => response.end('{"result":"success"}'))
  nonsense({})
  start()
  const told = (what: string) => until(what, () => states.some((one) => one.includes(what)))
  await told('did not say who the bot is')
  await told('made no event queue')
  nonsense({ queue_id: 'a', last_event_id: -1, max_message_id: 7 })
  await told('told no new events')
  nonsense({
    queue_id: 'a',
    last_event_id: -1,
    max_message_id: 7,
    events: [7, { id: 'x' }, { id: 1, type: 'message' }],
  })
  const polls = () => people.calls.filter((one) => one === 'GET /events').length
  const before = polls()
  // The first may be one whose answer was on its way.
  await until('it goes on', () => polls() > before + 2)
})

t.test('one that answers at once, and always the same, is not asked without a pause', async (t) => {
  const { people, heard, states, waits, start } = await setUp(t)
  const message = { id: 5, sender_id: 8, content: 'hello', type: 'private', timestamp: 1 }
  people.refuse({
    status: 200,
    body: {
      result: 'success',
      user_id: 12,
      full_name: 'Looper',
      user: { full_name: 'Ada', is_bot: false },
      queue_id: 'a',
      last_event_id: -1,
      max_message_id: 4,
      messages: [],
      events: [{ id: 1, type: 'message', message }],
    },
  })
  start()
  await until('it waited', () => waits.length >= 3)
  const polls = people.calls.filter((one) => one === 'GET /events').length
  t.ok(polls <= 2 * (waits.length + 1), `${polls} polls, ${waits.length} waits`)
  t.match(states, ['connected', 'the Zulip server told no new events'])
  t.equal(heard[0], 'zulip:8 Ada: hello')
})

t.test('without credentials nothing is heard, and why is told', async (t) => {
  const none = await setUp(t, { ZULIP_SITE: '', ZULIP_BOT_EMAIL: '', ZULIP_BOT_API_KEY: '' })
  none.start()
  await until('it is told', () => none.states.length > 0)
  t.equal(none.states[0], 'there are no Zulip credentials')
  const some = await setUp(t, { ZULIP_SITE: '' })
  some.start()
  await until('it is told', () => some.states.length > 0)
  t.equal(some.states[0], 'Missing ZULIP_SITE')
})

t.test('whoever stops while it waits for the server need not wait', async (t) => {
  const { people, waits, start, stop, pause } = await setUp(t)
  pause(300_000)
  people.refuse({ status: 502, body: { result: 'error', msg: 'away' } })
  start()
  await until('it waits', () => waits.length === 1)
  await stop()
  t.equal(waits.length, 1)
})

t.test('a server that goes away while it is asked what was missed is asked again', async (t) => {
  const { people, states, watched, start, onWatched } = await setUp(t)
  watched.push(people.say(8, 'before'))
  onWatched(() => people.refuse({ status: 502, body: { result: 'error', msg: 'away' } }))
  start()
  await until('it is away', () => states.includes('away'))
  onWatched(() => undefined)
  people.refuse(null)
  await until('it is connected', () => connections(states) === 1)
})

t.test('messages without numbers, and reactions without a list, are none', async (t) => {
  const { people, states, heard, watched, start, stop } = await setUp(t)
  start()
  await until('it is connected', () => states.length === 1)
  await stop()
  watched.push(7)
  const queue = { queue_id: 'a', last_event_id: -1, max_message_id: 7 }
  const messages = { messages: [7, { id: 'x', sender_id: 8, content: 'x' }], message: { reactions: 7 } }
  people.refuse({ status: 200, body: { result: 'success', ...queue, ...messages } })
  start()
  await until('it is connected again', () => connections(states) === 2)
  t.strictSame(heard, [])
})
