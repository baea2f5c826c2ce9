import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { LooperError } from '../../src/base/errors.ts'
import type { Ear, Hearer, Said } from '../../src/notices/ear.ts'
import { HEARD_TABLES, heardRecords } from '../../src/notices/heard-records.ts'
import { createHearing } from '../../src/notices/hearing.ts'
import { heartOf } from '../helpers/heart.ts'

const ADA = { id: '8', name: 'zulip:8 Ada' }
const EVE = { id: '9', name: 'zulip:9 Eve' }
const HERE = 'bot here'

const said = (messageId: number, text: string, person = ADA): Said => ({
  kind: 'said',
  messageId,
  person,
  text,
  quotes: null,
  isToUs: false,
  place: '',
  at: 0,
})

async function setUp(t: Test) {
  const { ledger } = heartOf(t)
  const events: Record<string, unknown>[] = []
  const heard: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => events.push(JSON.parse(line)) })
  let hearer: Hearer | null = null
  const ear: Pick<Ear, 'people' | 'listen'> = {
    people: new Set([ADA.id]),
    async listen(given) {
      hearer = given
    },
  }
  let fault: unknown = null
  const hearing = createHearing({
    ear,
    records: heardRecords(ledger.tablesOf(HEARD_TABLES)),
    ledger,
    clock: systemClock,
    logger,
  })
  hearing.subscribe({ understand: () => null })
  hearing.subscribe({
    watched: () => [42],
    understand(one) {
      const what = one.kind === 'said' ? one.text : String(one.sign)
      if (what === 'chat') return null
      return () => {
        if (fault) throw fault
        heard.push(what)
      }
    },
  })
  await hearing.listen(AbortSignal.timeout(60_000))
  if (hearer === null) throw new Error('nobody listens')
  const told = () => events.map(({ msg, message_id, person, error }) => [msg, message_id, person, error])
  const break_ = (error: unknown) => {
    fault = error
  }
  return { hearing, hearer: hearer as Hearer, heard, told, ledger, fail: break_ }
}

t.test('each message counts once, of those who may, and what nobody understands is no news', async (t) => {
  const { hearer, heard, told, ledger } = await setUp(t)
  await hearer.hear(HERE, said(1, 'chat', EVE))
  t.strictSame(ledger.tablesOf(HEARD_TABLES).rows('SELECT 1 FROM heard'), [], 'not even a table')
  for (let times = 0; times < 2; times++) {
    await hearer.hear(HERE, said(2, 'yes'))
    await hearer.hear(HERE, said(3, 'no, I am zulip:8 Ada', EVE))
  }
  await hearer.hear('bot there', said(2, 'of another server'))
  t.strictSame(heard, ['yes', 'of another server'])
  t.strictSame(told(), [['hear.refused', 3, 'zulip:9 Eve', undefined]])
})

t.test('reactions have no number: whoever takes them knows what is settled', async (t) => {
  const { hearer, heard, told } = await setUp(t)
  const reacted = { kind: 'reacted', messageId: 42, person: ADA, sign: 2 } as const
  await hearer.hear(HERE, reacted)
  await hearer.hear(HERE, reacted)
  await hearer.hear(HERE, { ...reacted, person: EVE })
  t.strictSame(heard, ['2', '2'])
  t.strictSame(told(), [['hear.refused', 42, 'zulip:9 Eve', undefined]])
  t.strictSame(hearer.watched(), [42])
})

t.test('what could not be written is heard again, and another failure is told once', async (t) => {
  const { hearer, heard, told, fail } = await setUp(t)
  fail(new LooperError('LOOPER_LEDGER_UNWRITABLE', 'the disk is full'))
  await t.rejects(hearer.hear(HERE, said(1, 'yes')), { code: 'LOOPER_LEDGER_UNWRITABLE' })
  fail(null)
  await hearer.hear(HERE, said(1, 'yes'))
  fail(new Error('no'))
  await hearer.hear(HERE, said(2, 'boom'))
  fail(null)
  await hearer.hear(HERE, said(2, 'boom'))
  t.strictSame(heard, ['yes'])
  t.strictSame(told(), [['hear.fail', 2, 'zulip:8 Ada', 'no']])
})

t.test('how far it was heard stays on the record, for each account', async (t) => {
  const { hearer, ledger } = await setUp(t)
  t.equal(hearer.last(HERE), null)
  hearer.passed(HERE, 5)
  hearer.passed(HERE, 4)
  await ledger.settle(1000)
  t.equal(hearer.last(HERE), 5)
  t.equal(hearer.last('bot there'), null)
})

t.test('the state is told, and in the log once a change', async (t) => {
  const { hearing, hearer, told } = await setUp(t)
  t.strictSame(hearing.state(), { connectedSince: null, lastError: null })
  hearer.failed('away')
  hearer.failed('away')
  hearer.failed('slow down')
  t.strictSame(hearing.state(), { connectedSince: null, lastError: 'slow down' })
  hearer.connected()
  t.match(hearing.state(), { connectedSince: Number, lastError: 'slow down' })
  hearer.failed('slow down')
  hearer.warn('LOOPER_PEOPLE: 7 is a bot')
  t.strictSame(
    told().map(([msg, , , error]) => [msg, error]),
    [
      ['hear.lost', 'away'],
      ['hear.lost', 'slow down'],
      ['hear.connected', undefined],
      ['hear.lost', 'slow down'],
      ['LOOPER_PEOPLE: 7 is a bot', undefined],
    ],
  )
})

t.test('what no other understands is for whoever comes last', async (t) => {
  const { hearing, hearer, heard } = await setUp(t)
  hearing.subscribeLast({ understand: (one) => (one.kind === 'said' ? () => void heard.push('last') : null) })
  hearing.subscribe({
    understand: (one) => (one.kind === 'said' && one.text === 'chat' ? () => void heard.push('first') : null),
  })
  await hearer.hear(HERE, said(1, 'chat'))
  await hearer.hear(HERE, said(2, 'yes'))
  t.strictSame(heard, ['first', 'yes'])
})
