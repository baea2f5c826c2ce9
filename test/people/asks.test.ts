import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { answerTool } from '../../src/people/answer-tool.ts'
import { type Ask, digestOf, type Question } from '../../src/people/ask.ts'
import { newAskId } from '../../src/people/ask-id.ts'
import { ASK_TABLES, askRecords } from '../../src/people/ask-records.ts'
import { askTool, checkAnswerTool, standing } from '../../src/people/ask-tool.ts'
import { createAsks, MOST_UNANSWERED } from '../../src/people/asks.ts'
import { keepAsks } from '../../src/people/keep.ts'
import { questionOf } from '../../src/people/question.ts'
import { messageFor } from '../../src/people/told.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { unstarted } from '../../src/runs/outcome.ts'
import { intentOf } from '../helpers/record.ts'
import { until } from '../helpers/service.ts'

const NEVER = new AbortController().signal
const PLAIN: Question = {
  question: 'Which port?',
  choices: [],
  defaultAnswer: null,
  deadlineAt: null,
  reference: null,
  isParking: false,
}
const NO_PARKING = { tend: () => false, assertPossible: () => undefined }

/** Asks on a record of their own, with two runs on it, one and two. */
function setUp(
  test: Test,
  { newId = newAskId, clock = systemClock }: { newId?: () => string; clock?: Clock } = {},
) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), (message) => test.fail(message))
  test.teardown(() => ledger.close())
  for (const runId of ['one', 'two']) ledger.begin(intentOf(runId))
  const tables = ledger.tablesOf(ASK_TABLES)
  const records = askRecords(tables)
  const told: Ask[] = []
  const asks = createAsks({ records, ledger, clock, newId, tell: (ask) => told.push(ask) })
  const end = (runId: string) =>
    ledger.finish(runId, { ...unstarted(null), endedAt: 2000, outputBytes: null, tokensUsed: null })
  return { ledger, tables, records, asks, told, end }
}

t.test("a person's own agent answers, also where nobody has a token", async (t) => {
  const { asks } = setUp(t)
  const { ask } = asks.ask('one', PLAIN)
  const answer = { ask_id: ask.id, answer: '8080' }
  const told = await answerTool({ asks }).call(answer, null, NEVER)
  t.same(told, { ...answer, run_id: 'one', question: 'Which port?', state: 'answered' })
  t.equal(asks.find(ask.id)?.answeredBy, null)
})

t.test('an ask is answered once, by somebody', async (t) => {
  const { asks, told } = setUp(t)
  t.equal(asks.find('none'), null)
  t.same(asks.list(null, 10), [])
  const { ask, isNew } = asks.ask('one', PLAIN)
  t.equal(isNew, true)
  t.match(ask, { id: /^[2-9a-z]{6}$/, runId: 'one', state: 'open', digest: digestOf(PLAIN), answer: null })
  t.strictSame(asks.find(ask.id), ask)
  const answered = asks.answer(ask.id, '8080', 'ann', ask.digest)
  t.match(answered, { state: 'answered', answer: '8080', answeredBy: 'ann' })
  t.strictSame(asks.find(ask.id), answered)
  t.strictSame(told, [ask, answered])
  t.throws(() => asks.answer(ask.id, '9090', 'eve', null), {
    code: 'LOOPER_ASK_SETTLED',
    message: /answered already by ann$/,
  })
  t.strictSame(asks.find(ask.id), answered)
  t.throws(() => asks.answer('none', 'x', null, null), { code: 'LOOPER_ASK_NOT_FOUND' })
  t.same(asks.list('open', 10), [])
  t.strictSame(asks.list('answered', 10), [answered])
  const again = asks.ask('one', PLAIN)
  t.match(again, { isNew: false, ask: answered }, 'its agent has not heard of it')
  asks.noteHeard(ask.id)
  const nobody = asks.ask('one', PLAIN)
  t.equal(nobody.isNew, true, 'what was answered may be asked again')
  asks.answer(nobody.ask.id, 'x', null, null)
  t.throws(() => asks.answer(nobody.ask.id, 'x', null, null), { message: /answered already$/ })
})

t.test('nobody answers what a run asked that is not on the record any more, or was stopped', async (t) => {
  const { asks, ledger } = setUp(t)
  ledger.begin(intentOf('stopped'))
  const ended = { returnCode: -2, cause: 'c', endedAt: 2000, outputBytes: null, tokensUsed: null }
  for (const runId of ['gone', 'stopped']) {
    const { ask } = asks.ask(runId, { ...PLAIN, isParking: true })
    if (runId === 'stopped') ledger.finish(runId, { ...ended, outcome: 'stopped' })
    t.throws(() => asks.answer(ask.id, 'x', null, null), {
      code: 'LOOPER_ASK_SETTLED',
      message: /its run has ended$/,
    })
    t.match(asks.find(ask.id), { state: 'withdrawn', answer: null })
  }
})

t.test('an answer has to be one', async (t) => {
  const { asks } = setUp(t)
  const { ask } = asks.ask('one', PLAIN)
  for (const wrong of ['', '  \n', 'x'.repeat(10_001), 'a\0b', '\ud800'])
    t.throws(() => asks.answer(ask.id, wrong, null, null), { code: 'LOOPER_FIELD_INVALID' })
  t.throws(() => asks.answer(ask.id, 'x', null, 'another'), { code: 'LOOPER_ASK_CHANGED' })
  const { ask: closed } = asks.ask('one', { ...PLAIN, choices: ['yes', 'no'] })
  for (const wrong of ['Yes', 'yes ', '', 'maybe'])
    t.throws(() => asks.answer(closed.id, wrong, null, null), { message: /one of: "yes", "no"$/ })
  t.match(asks.answer(closed.id, 'no', null, null), { answer: 'no' })
  t.equal(asks.find(ask.id)?.state, 'open')
})

t.test('the same question of the same run is the same ask, and a run asks only so much', async (t) => {
  const { asks, told } = setUp(t)
  const { ask } = asks.ask('one', PLAIN)
  t.strictSame(asks.ask('one', { ...PLAIN, deadlineAt: 5 }), { ask, isNew: false })
  t.equal(asks.ask('two', PLAIN).isNew, true, 'another run asks for itself')
  t.equal(asks.ask('one', { ...PLAIN, choices: ['a', 'b'] }).isNew, true)
  t.equal(told.length, 3)
  for (let more = 2; more < MOST_UNANSWERED; more++) asks.ask('one', { ...PLAIN, question: `${more}?` })
  t.throws(() => asks.ask('one', { ...PLAIN, question: 'one more?' }), /20 questions of this run are open/)
})

t.test('what nobody answers is not asked on and on, with deadlines that pass at once', async (t) => {
  let now = 1_000_000
  const { asks, told } = setUp(t, { clock: { ...systemClock, now: () => now } })
  const flood = (runId: string) => {
    for (let round = 0; round < 20_000; round++, now += 1000) {
      asks.ask(runId, { ...PLAIN, question: `${runId}, ${round}?`, deadlineAt: now + 500 })
      now += 1000
      asks.settle()
    }
  }
  t.throws(() => flood('one'), /20 questions of this run are open, or nobody answered them/)
  t.equal(told.length, 2 * MOST_UNANSWERED)
  t.equal(asks.ask('two', PLAIN).isNew, true, 'another run may ask')
  now += 3_600_000
  t.equal(asks.ask('one', PLAIN).isNew, true, 'and this one an hour later')
})

t.test('no two asks have one id, and what was settled long ago is forgotten', async (t) => {
  let next = 0
  const { asks, tables } = setUp(t, { newId: () => `id-${Math.floor(next++ / 2)}` })
  const first = asks.ask('one', PLAIN).ask
  const second = asks.ask('two', PLAIN).ask
  const third = asks.ask('one', { ...PLAIN, question: 'again?' }).ask
  t.same([first.id, second.id, third.id], ['id-0', 'id-1', 'id-2'])
  asks.answer(first.id, 'x', null, null)
  tables.change((db) => db.exec("UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'asks'"))
  asks.ask('two', { ...PLAIN, question: 'late?' })
  t.equal(asks.find(first.id), null)
  t.equal(asks.find(second.id)?.state, 'open', 'what is open stays')
})

t.test('who waits gets the answer at once, and a word when it takes too long', async (t) => {
  const { asks, records } = setUp(t)
  const deps = { asks, parking: NO_PARKING, clock: systemClock, waitMs: 3_600_000 }
  const [run, other] = ['one', 'two'].map((runId) => ({ runId }))
  const call = (tool: ReturnType<typeof askTool>, args: object, of = run, signal = NEVER) =>
    tool.call(args, Object.assign(Object.create(null), of), signal)
  const asked = call(askTool(deps), { question: 'Which port?' })
  const [open] = records.open()
  const id = open?.id ?? ''
  const again = call(checkAnswerTool(deps), { ask_id: id })
  asks.look()
  asks.answer(id, '8080', 'ann', null)
  for (const answer of [await asked, await again])
    t.strictSame(answer, { ask_id: id, state: 'answered', answer: '8080' })

  await t.rejects(call(checkAnswerTool(deps), { ask_id: id }, other), /asked nothing under this ask_id/)
  await t.rejects(call(checkAnswerTool(deps), { ask_id: 'none' }), /asked nothing under this ask_id/)
  const late = await call(askTool({ ...deps, waitMs: 1 }), { question: 'And now?' })
  t.match(late, { state: 'open', answer: null, note: /^Not yet answered. Call check_answer with ask_id / })
  const gone = await call(askTool(deps), { question: 'And now?' }, run, AbortSignal.abort())
  t.match(gone, { state: 'open' })
  asks.answer(String(Reflect.get(Object(gone), 'ask_id')), 'later', null, null)
  await call(askTool(deps), { question: 'And now?' }, run, AbortSignal.abort())
  const heard = () => call(askTool(deps), { question: 'And now?' })
  t.match(await heard(), { state: 'answered', answer: 'later' }, 'who has gone has not heard it')
  const isAnew = async () =>
    Reflect.get(Object(await call(askTool({ ...deps, waitMs: 1 }), { question: 'And now?' })), 'state') ===
    'open'
  await until('it is heard, and may be asked anew', isAnew)
})

t.test('an ask that vanishes while its agent waits is told as it stood', async (t) => {
  const { asks, tables } = setUp(t)
  const deps = { asks, parking: NO_PARKING, clock: systemClock, waitMs: 3_600_000 }
  const run = Object.assign(Object.create(null), { runId: 'one' })
  const asked = askTool(deps).call({ question: 'Which port?' }, run, NEVER)
  tables.change((db) => db.exec('DELETE FROM asks'))
  asks.look()
  t.match(await asked, { state: 'open' })
})

t.test('a question fits together, or is refused in words', async (t) => {
  t.strictSame(questionOf({ question: 'a?' }, 0), { ...PLAIN, question: 'a?' })
  t.strictSame(
    questionOf(
      { question: 'a?', choices: ['x', 'y'], default: 'y', deadline_seconds: 2, reference: 'r' },
      1000,
    ),
    {
      question: 'a?',
      choices: ['x', 'y'],
      defaultAnswer: 'y',
      deadlineAt: 3000,
      reference: 'r',
      isParking: false,
    },
  )
  t.strictSame(questionOf({ question: 'a?', default: 'y', deadline_seconds: 2 }, 0).defaultAnswer, 'y')
  const wrong = [
    [{ question: '  ' }, /question is empty/],
    [{ question: 'a?', default: 'x' }, /give deadline_seconds, too/],
    [{ question: 'a?', default: 'x', choices: ['y', 'z'], deadline_seconds: 1 }, /one of the choices/],
    [{ question: 'a\0' }, /NUL/],
    [{ question: 'a', choices: ['\ud800', 'b'] }, /surrogate/],
  ] as const
  for (const [input, why] of wrong)
    t.throws(
      () => questionOf({ ...input, choices: [...(('choices' in input && input.choices) || [])] }, 0),
      why,
    )
})

t.test('what is over is settled: the deadline has passed, or the run has ended', async (t) => {
  let now = 1000
  const { asks, told, end } = setUp(t, { clock: { ...systemClock, now: () => now } })
  t.equal(asks.settle(), null)
  const { ask } = asks.ask('one', { ...PLAIN, defaultAnswer: '80', deadlineAt: 1500 })
  const { ask: other } = asks.ask('one', { ...PLAIN, question: 'b?', deadlineAt: 1700 })
  const { ask: long } = asks.ask('one', { ...PLAIN, question: 'c?' })
  const { ask: two } = asks.ask('two', PLAIN)
  t.equal(asks.settle(), 500)
  now = 1500
  t.throws(() => asks.answer(ask.id, 'late', null, null), { message: /its deadline has passed$/ })
  t.match(asks.find(ask.id), { state: 'expired', answer: '80', answeredBy: null })
  t.equal(asks.settle(), 200)
  now = 1800
  t.equal(asks.settle(), null)
  t.match(asks.find(other.id), { state: 'expired', answer: null })
  end('one')
  asks.settle()
  t.match(asks.find(long.id), { state: 'withdrawn', answer: null })
  t.throws(() => asks.answer(long.id, 'late', null, null), { message: /its run has ended$/ })
  t.equal(asks.find(two.id)?.state, 'open')
  t.same(
    told.map(({ state }) => state),
    ['open', 'open', 'open', 'open', 'expired', 'expired', 'withdrawn'],
  )
  t.match(standing({ ...ask, state: 'withdrawn' }), { note: /withdrawn/ })
  t.match(standing({ ...ask, state: 'expired', answer: '80' }), { answer: '80', note: /your default/ })
  t.match(standing({ ...ask, state: 'expired' }), { answer: null, note: /^Nobody answered/ })
})

t.test(
  'what is asked by a run that is parked, or was to be, waits on; who is stopped withdraws it',
  async (t) => {
    const { asks, records, ledger } = setUp(t)
    const end = { returnCode: -2, cause: 'c', endedAt: 2000, outputBytes: null, tokensUsed: null }
    const { ask: plain } = asks.ask('one', PLAIN)
    const { ask: parking } = asks.ask('two', PLAIN)
    const again = asks.ask('two', { ...PLAIN, isParking: true })
    t.strictSame([again.ask.id, again.isNew], [parking.id, false], 'the same question, to be parked now')
    t.strictSame(records.parking(), [{ ...parking, isParking: true }])
    ledger.finish('one', { ...end, outcome: 'parked' })
    ledger.finish('two', { ...end, outcome: 'signaled' })
    asks.settle()
    t.same([asks.find(plain.id)?.state, asks.find(parking.id)?.state], ['open', 'open'])
    records.handOn(parking, 'three')
    t.match(asks.find(parking.id), { runId: 'three', isParking: false })
    for (const outcome of ['exited', 'lost', 'stopped'] as const) {
      ledger.begin(intentOf(outcome))
      asks.ask(outcome, { ...PLAIN, isParking: true })
      ledger.finish(outcome, { ...end, outcome })
    }
    asks.settle()
    t.same(
      asks.list(null, 3).map(({ runId, state }) => `${runId} ${state}`),
      ['stopped withdrawn', 'lost open', 'exited open'],
    )
  },
)

t.test('who is to be parked is told so at once, and who cannot be has asked nothing', async (t) => {
  const { asks, records } = setUp(t)
  const run = Object.assign(Object.create(null), { runId: 'one' })
  const deps = { asks, parking: NO_PARKING, clock: systemClock, waitMs: 3_600_000 }
  const refusing = {
    ...NO_PARKING,
    assertPossible: () => {
      throw new Error('no session')
    },
  }
  const input = { question: 'Which port?', park: true }
  await t.rejects(askTool({ ...deps, parking: refusing }).call(input, run, NEVER), /no session/)
  t.same(records.list(null, 9), [])
  t.match(await askTool(deps).call(input, run, NEVER), { state: 'open', note: /^This run ends now/ })
})

t.test('a row that a newer Looper wrote asks nothing', async (t) => {
  const { asks, tables } = setUp(t)
  const { ask } = asks.ask('one', PLAIN)
  tables.change((db) => db.exec("UPDATE asks SET state = 'postponed'"))
  t.equal(asks.find(ask.id)?.state, 'withdrawn')
})

t.test('asks are kept as long as the service lives, whatever the record does', async (t) => {
  const { asks, end } = setUp(t)
  const events: string[] = []
  const logger = pino({ level: 'error' }, { write: (line) => events.push(line) })
  let broken = 2
  const closing = new AbortController()
  const keeper = {
    ...asks,
    settle() {
      if (broken-- > 0) throw new Error('locked')
      return asks.settle()
    },
  }
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 50), signal),
  }
  const kept = keepAsks({ asks: keeper, parking: NO_PARKING, clock, logger }, closing.signal)
  const { ask } = asks.ask('one', { ...PLAIN, deadlineAt: Date.now() + 20 })
  const { ask: other } = asks.ask('two', PLAIN)
  await until('it is over', () => asks.find(ask.id)?.state === 'expired')
  end('two')
  asks.look()
  await until('it is withdrawn', () => asks.find(other.id)?.state === 'withdrawn')
  closing.abort()
  await kept
  t.equal(events.length, 1, 'told once')
  t.match(events[0], 'locked')
})

t.test('people are told what is asked, and what became of it', async (t) => {
  const { asks } = setUp(t)
  const { ask } = asks.ask('one', PLAIN)
  t.equal(messageFor(ask), `asks (${ask.id}): Which port?\nAnswer with: looper answer ${ask.id} "..."`)
  const whole = { ...ask, choices: ['a', 'b'], deadlineAt: 0, reference: 'src/x.ts' }
  t.equal(
    messageFor({ ...whole, defaultAnswer: 'b' }),
    `asks (${ask.id}): Which port?\n- a\n- b\nAbout: src/x.ts\nAnswer until 1970-01-01T00:00:00.000Z; otherwise: b\nAnswer with: looper answer ${ask.id} "..."`,
  )
  t.match(messageFor(whole), 'Answer until 1970-01-01T00:00:00.000Z\n')
  t.equal(
    messageFor({ ...ask, state: 'answered', answer: 'x', answeredBy: 'ann' }),
    `ask ${ask.id} was answered by ann: x`,
  )
  t.equal(messageFor({ ...ask, state: 'answered', answer: 'x' }), `ask ${ask.id} was answered: x`)
  t.match(messageFor({ ...ask, state: 'expired', answer: 'x' }), 'the default counts: x')
  t.match(messageFor({ ...ask, state: 'expired' }), /until its deadline$/)
  t.equal(messageFor({ ...ask, state: 'withdrawn' }), null)
})
