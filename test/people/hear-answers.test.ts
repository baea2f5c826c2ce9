import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { LooperError } from '../../src/base/errors.ts'
import type { Heard, Sign } from '../../src/notices/ear.ts'
import { askMessages } from '../../src/people/ask-messages.ts'
import { ASK_TABLES, askRecords } from '../../src/people/ask-records.ts'
import { createAsks } from '../../src/people/asks.ts'
import { hearAnswers } from '../../src/people/hear-answers.ts'
import { heartOf } from '../helpers/heart.ts'

const ADA = { id: '8', name: 'zulip:8 Ada' }
const BOB = { id: '9', name: 'zulip:9 Bob' }

function setUp(t: Test) {
  const { ledger, begin } = heartOf(t)
  const { runId } = begin('true')
  const tables = ledger.tablesOf(ASK_TABLES)
  const messages = askMessages(tables)
  const replies: string[] = []
  let next = 0
  let now = 1000
  let fault: unknown = null
  const real = createAsks({
    records: askRecords(tables),
    ledger,
    clock: { ...systemClock, now: () => now },
    newId: () => `aaaaa${'bcdefghj'[next++]}`,
    tell: () => undefined,
  })
  const asks: typeof real = {
    ...real,
    answer(...given) {
      if (fault) throw fault
      return real.answer(...given)
    },
  }
  const listener = hearAnswers({
    asks,
    messages,
    speech: { reply: (_to, text) => replies.push(text) },
    learn: () => undefined,
  })
  /** Asks, by a message of this number. */
  const ask = (
    question: string,
    choices: readonly string[],
    messageId: number,
    deadlineAt: number | null = null,
  ) => {
    const { ask: one } = asks.ask(runId, {
      question,
      choices,
      defaultAnswer: null,
      deadlineAt,
      reference: null,
      isParking: false,
    })
    messages.add(one.id, one.digest)
    messages.sent(one.id, messageId)
    return one
  }
  /** What becomes of what is heard; false: it is nothing for this one. */
  const hear = async (heard: Heard) => {
    const todo = listener.understand(heard)
    await todo?.()
    return todo !== null
  }
  const say = (text: string, quotes: number | null = null, person = ADA) =>
    hear({ kind: 'said', messageId: 1, person, text, quotes, isToUs: false, place: 'here', at: 0 })
  const react = (messageId: number, sign: Sign, person = ADA) =>
    hear({ kind: 'reacted', messageId, person, sign })
  const answerOf = (id: string) => asks.find(id)?.answer
  return {
    asks,
    ask,
    say,
    react,
    replies,
    answerOf,
    messages,
    tables,
    listener,
    pass(ms: number) {
      now += ms
    },
    fail(error: unknown) {
      fault = error
    },
  }
}

t.test('a quoting reply answers, with a choice by its words or its number, or with any words', async (t) => {
  const { asks, ask, say, answerOf, replies } = setUp(t)
  const colour = ask('Which?', ['Red', 'blue', '1'], 50)
  const size = ask('How large?', ['small', 'large'], 51)
  const why = ask('Why?', [], 52)
  t.equal(await say('red', 50), true)
  t.equal(answerOf(colour.id), 'Red')
  t.equal(asks.find(colour.id)?.answeredBy, 'zulip:8 Ada')
  await say('2.', 51)
  t.equal(answerOf(size.id), 'large')
  await say('7', 52)
  t.equal(answerOf(why.id), '7', 'what has no choices has no numbers')
  t.strictSame(replies, [])
})

t.test('a message that begins with the id answers, wherever it is said', async (t) => {
  const { ask, say, answerOf } = setUp(t)
  const one = ask('Which?', ['red', 'blue'], 50)
  const other = ask('Which other?', ['red', 'blue'], 51)
  const third = ask('Which third?', [], 52)
  await say(`${one.id}: 1`)
  await say(`\`${other.id}\` blue`)
  await say(`${third.id}:\nseveral\nlines`)
  t.strictSame([answerOf(one.id), answerOf(other.id), answerOf(third.id)], ['red', 'blue', 'several\nlines'])
})

t.test('a reaction answers: a number, or a thumb where it is yes or no', async (t) => {
  const { ask, react, answerOf } = setUp(t)
  const colour = ask('Which?', ['red', 'blue'], 50)
  const deploy = ask('Deploy?', ['No', 'Yes'], 51)
  t.equal(await react(50, 'yes'), false)
  t.equal(await react(50, 3), false)
  t.equal(await react(50, 2), true)
  t.equal(await react(51, 'yes'), true)
  t.strictSame([answerOf(colour.id), answerOf(deploy.id)], ['blue', 'Yes'])
  t.equal(await react(50, 1, BOB), false, 'it is settled')
})

t.test('whatever else is said is nothing for it', async (t) => {
  const { ask, say, react } = setUp(t)
  ask('Which?', ['red', 'blue'], 50)
  for (const text of ['red', '1', 'please stop', 'aaaaaz: red', 'aaaaab', '', '`aaaaab`'])
    t.equal(await say(text), false, text)
  t.equal(await say('red', 49), false, 'a quote of another message')
  t.equal(await react(49, 1), false)
})

t.test('who comes late, or answers with something else, is told once why', async (t) => {
  const { ask, say, answerOf, replies, pass, asks } = setUp(t)
  const colour = ask('Which?', ['red', 'blue'], 50)
  await say('green', 50)
  t.match(replies.pop(), `${colour.id}: 'answer' must be one of: "red", "blue"`)
  await say('red', 50)
  await say('red', 50)
  t.strictSame(replies, [], 'the same, heard again, is no news')
  await say('blue', 50)
  await say('red', 50, BOB)
  const late = `${colour.id}: this ask cannot be answered any more: it was answered already by zulip:8 Ada`
  t.strictSame(replies.splice(0), [late, late])
  const soon = ask('Soon?', [], 51, 2000)
  pass(5000)
  await say('now', 51)
  t.match(replies.splice(0), [/its deadline has passed/])
  t.equal(answerOf(soon.id), null)
  t.equal(asks.find(soon.id)?.state, 'expired')
})

t.test('an answer to a question that was changed is refused, by a reaction without a word', async (t) => {
  const { ask, say, react, replies, tables, answerOf } = setUp(t)
  const deploy = ask('Deploy the tests?', ['yes', 'no'], 50)
  tables.change((db) => db.exec("UPDATE asks SET question = 'Delete all?', digest = 'another'"))
  await say('yes', 50)
  t.match(replies.splice(0), [/digest is not that of this ask/])
  await react(50, 'yes')
  t.strictSame(replies, [])
  t.equal(answerOf(deploy.id), null)
})

t.test('a text that claims to be somebody is an answer of whoever sent it', async (t) => {
  const { asks, ask, say } = setUp(t)
  const one = ask('Who?', [], 50)
  await say('zulip:9 Bob says: yes', 50)
  t.match(asks.find(one.id), { answeredBy: 'zulip:8 Ada', answer: 'zulip:9 Bob says: yes' })
})

t.test('what cannot be written is not answered, and told to whoever hears', async (t) => {
  const { ask, say, fail, replies } = setUp(t)
  ask('Which?', [], 50)
  fail(new LooperError('LOOPER_LEDGER_UNWRITABLE', 'the disk is full'))
  await t.rejects(say('x', 50), { code: 'LOOPER_LEDGER_UNWRITABLE' })
  fail(new Error('a mistake'))
  await t.rejects(say('x', 50), { message: 'a mistake' })
  t.strictSame(replies, [])
})

t.test('the messages of what is open are looked at again', async (t) => {
  const { ask, messages, listener, tables } = setUp(t)
  const one = ask('Which?', [], 50)
  ask('Which other?', [], 51)
  messages.add('unsent', 'digest')
  t.strictSame(listener.watched?.(), [50, 51])
  messages.finish(one.id)
  t.strictSame(listener.watched?.(), [51])
  tables.change((db) => db.exec('DELETE FROM asks'))
  t.strictSame(listener.watched?.(), [])
})
