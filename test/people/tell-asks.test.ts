import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { createNews } from '../../src/base/news.ts'
import type { Fate, Speech } from '../../src/notices/speech.ts'
import { askMessages } from '../../src/people/ask-messages.ts'
import { ASK_TABLES, askRecords } from '../../src/people/ask-records.ts'
import { createAsks } from '../../src/people/asks.ts'
import { tellAsks } from '../../src/people/tell-asks.ts'
import { heartOf } from '../helpers/heart.ts'
import { until } from '../helpers/service.ts'

function setUp(t: Test) {
  const heart = heartOf(t)
  const { ledger } = heart
  const tables = ledger.tablesOf(ASK_TABLES)
  const records = askRecords(tables)
  const messages = askMessages(tables)
  const news = createNews()
  const said: string[] = []
  const errors: string[] = []
  const fates = new Map<string, Fate>()
  const offers: (Error | null)[] = []
  let next = 0
  const { runId } = heart.begin('true')
  const asks = createAsks({
    records,
    ledger,
    clock: systemClock,
    newId: () => `aaaaa${'bcdefghj'[next++]}`,
    tell: () => undefined,
  })
  const speech: Omit<Speech, 'reply' | 'isAnswered'> = {
    ask({ key, run, words, below }) {
      said.push(`${key} of ${run.name}: ${words}\n${below}`)
      fates.set(key, { state: 'pending', messageId: null })
    },
    amend: (messageId, { below }) => said.push(`${messageId}: ${below}`),
    fate: (key) => fates.get(key) ?? null,
    async offer(messageId, signs) {
      const failure = offers.shift()
      if (failure) throw failure
      said.push(`${messageId} offers ${signs.join()}`)
    },
    plain: (text) => text.replaceAll('@', ''),
    next: news.next,
  }
  const logger = pino({}, { write: (line: string) => errors.push(JSON.parse(line).error) })
  const clock = {
    ...systemClock,
    sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(20, signal),
  }
  const open = () => tellAsks({ asks, open: records.open, messages, speech, ledger, clock, logger })
  const start = () => {
    const ending = new AbortController()
    const done = open().run(ending.signal)
    const stop = async () => {
      ending.abort()
      await done
    }
    t.teardown(stop)
    return stop
  }
  const ask = (question: string, more: object = {}, by: string = runId) =>
    asks.ask(by, {
      question,
      choices: [],
      defaultAnswer: null,
      deadlineAt: null,
      reference: null,
      isParking: false,
      ...more,
    }).ask
  const sent = (id: string, messageId: number | null, state: Fate['state'] = 'sent') => {
    fates.set(`ask ${id}`, { state, messageId })
    news.tell()
  }
  const heard = (what: string) => until(what, () => said.some((one) => one.includes(what)))
  return { asks, ask, sent, said, heard, errors, offers, start, messages, fates }
}

t.test('each question is asked once, offered when it is sent, and its end told there', async (t) => {
  const { asks, ask, sent, said, heard, start, messages } = setUp(t)
  const stop = start()
  const more = { choices: ['red', 'blue'], reference: 'a.md', defaultAnswer: 'red', deadlineAt: 4e12 }
  const one = ask('Which?', more)
  await heard('Which?')
  t.match(said[0], /^ask aaaaab of .*: Which\?\n1\. red\n2\. blue\nAbout: a\.md\nWhere nobody answers: red\n/)
  t.match(said[0], 'Answer until 2096-10-02T07:06:40.000Z: react with its number, reply with a quote')
  sent(one.id, 50)
  await heard('50 offers 1,2')
  asks.answer(one.id, 'blue', 'zulip:8 @Ada', one.digest)
  await heard('50: ✅ zulip:8 Ada answered `aaaaab`: blue')
  await stop()
  t.strictSame(messages.unfinished(), [])
  // The next life of the service finds nothing to do.
  start()
  ask('And?', {}, 'a run that is gone')
  await heard('ask aaaaac of a run that is gone: And?')
  t.equal(said.length, 4)
})

t.test(
  'what is over before it was sent is told when it is sent, and nothing where it never is',
  async (t) => {
    const { asks, ask, sent, said, heard, start, messages } = setUp(t)
    start()
    const first = ask('First?')
    const second = ask('Second?')
    const third = ask('Third?')
    await heard('Third?')
    for (const { id } of [first, second, third]) asks.answer(id, 'x'.repeat(400), null, null)
    sent(first.id, 51)
    await heard(`51: ✅ Somebody answered \`${first.id}\`: ${'x'.repeat(299)}…`)
    t.equal(said.length, 4, 'nothing is offered any more')
    sent(second.id, null, 'given_up')
    sent(third.id, null)
    await until('nothing is left to tell', () => messages.unfinished().length === 0)
    t.equal(said.length, 4)
  },
)

t.test('a deadline and the end of the run are told, too', async (t) => {
  const { asks, ask, sent, heard, start } = setUp(t)
  start()
  const bare = ask('Bare?', { deadlineAt: 1 })
  const given = ask('Given?', { deadlineAt: 1, defaultAnswer: 'yes' })
  const gone = ask('Gone?', {}, 'a run that is gone')
  for (const [at, { id }] of [bare, given, gone].entries()) sent(id, 60 + at)
  await heard('60 offers')
  await heard('61 offers')
  await heard('62 offers')
  asks.settle()
  await heard(`62: ⏹ Nobody has to answer \`${gone.id}\` any more: its run has ended.`)
  await heard(`60: ⏱ Nobody answered \`${bare.id}\` until its deadline.`)
  await heard(`61: ⏱ Nobody answered \`${given.id}\` until its deadline. The default counts: yes`)
})

t.test('what cannot be offered now is offered later, and that is told once', async (t) => {
  const { ask, sent, heard, errors, offers, start } = setUp(t)
  offers.push(new Error('away'), new Error('away'))
  start()
  const one = ask('Deploy?', { choices: ['yes', 'no'] })
  await heard('react with a thumb')
  sent(one.id, 50)
  await heard('50 offers yes,no')
  t.strictSame(errors, ['away'])
})

t.test('a message that nothing can be offered at keeps no end from being told', async (t) => {
  const { asks, ask, sent, heard, errors, offers, start, said } = setUp(t)
  offers.push(...Array.from({ length: 1000 }, () => new Error('not there')))
  start()
  const one = ask('Deploy?', { choices: ['yes', 'no'] })
  const other = ask('Which?')
  await heard('Which?')
  sent(one.id, 50)
  await until('it was tried', () => errors.length > 0)
  sent(other.id, 51)
  asks.answer(other.id, 'this', null, null)
  await heard('51: ✅ Somebody answered')
  t.notOk(said.some((text) => text.includes('50 offers')))
})

t.test(
  'a message that the outbox forgot is not asked again, and one whose ask is gone is left alone',
  async (t) => {
    const { ask, said, heard, start, messages, fates } = setUp(t)
    const old = ask('Old?')
    messages.add(old.id, old.digest)
    messages.sent(old.id, 50)
    messages.offered(old.id)
    messages.add('nobody', 'digest')
    fates.set('ask nobody', { state: 'given_up', messageId: null })
    start()
    ask('New?')
    await heard('New?')
    t.equal(said.length, 1)
  },
)
