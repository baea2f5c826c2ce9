import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createAnnouncer } from '../../src/notices/announce.ts'
import type { Said, Speaker } from '../../src/notices/notices.ts'
import { heartOf } from '../helpers/heart.ts'

const NEVER = new AbortController().signal

/** An announcer whose notices do this. */
function setUp(test: Test, tell: (said: Said) => Promise<'sent' | 'waits'>) {
  const { ledger, begin } = heartOf(test)
  const errors: string[] = []
  const logger = pino({}, { write: (line: string) => errors.push(JSON.parse(line).error) })
  const said: string[] = []
  const noted: string[] = []
  const notices = {
    tell({ runId: of, name }: Speaker, one: Said) {
      said.push(`${one.key}${of === null ? ` of ${name}` : ''}: ${one.message}`)
      test.ok(one.isUrgent, 'it goes ahead of what agents tell')
      return tell(one)
    },
  }
  const { runId } = begin('true')
  const one = (key: string, more: object = {}) => ({
    key,
    from: { runId },
    message: 'look',
    note: () => {
      noted.push(key)
    },
    ...more,
  })
  return { ...createAnnouncer({ notices, ledger, logger }), errors, said, noted, one }
}

t.test('what is told is noted; what nobody has to be told of, and of no run, is noted alone', async (t) => {
  const { announce, said, noted, one } = setUp(t, async ({ told }) => {
    told?.()
    return 'waits'
  })
  await announce(one('a'), NEVER)
  await announce(one('b', { message: null }), NEVER)
  await announce(one('c', { from: { runId: 'nobody' } }), NEVER)
  await announce(one('d', { from: { name: 'loop/tidy' } }), NEVER)
  t.same(said, ['a: look', 'd of loop/tidy: look'])
  t.same(noted, ['a', 'b', 'c', 'd'])
})

t.test('what fails is noted, unless the service is about to end: then the next one tells it', async (t) => {
  const { announce, noted, one } = setUp(t, () => Promise.reject(new Error('no way')))
  await t.rejects(announce(one('a'), NEVER), /no way/)
  await t.rejects(announce(one('b'), AbortSignal.abort()), /no way/)
  t.same(noted, ['a'])
})

t.test(
  'what was left untold is told, each whatever comes of the others; what is under way is not',
  async (t) => {
    const { announce, resume, said, errors, one } = setUp(t, async ({ key }) => {
      if (key === 'b') throw new Error('no way')
      return 'waits'
    })
    await announce(one('a'), NEVER)
    await resume(() => ['a', 'b', 'c'].map((key) => one(key)), NEVER)
    t.same(said, ['a: look', 'b: look', 'c: look'])
    t.same(errors, ['no way'])
    await resume(() => {
      throw new Error('disk I/O error')
    }, NEVER)
    t.same(errors, ['no way', 'disk I/O error'])
  },
)

t.test('what cannot be noted is told again at the next start', async (t) => {
  const { announce, errors, one } = setUp(t, async ({ told }) => {
    told?.()
    return 'sent'
  })
  const note = () => {
    throw new Error('the disk is full')
  }
  await announce(one('a', { note }), NEVER)
  t.same(errors, ['the disk is full'])
})
