import t from 'tap'
import type { Ask } from '../../src/people/ask.ts'
import { askEvents } from '../../src/push/ask-events.ts'
import { gather } from '../../src/push/gather.ts'
import { endEvent, holdEvent } from '../../src/push/run-events.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { Held } from '../../src/runs/holds/holds.ts'
import { CHANGED } from '../helpers/git.ts'
import { intentOf } from '../helpers/record.ts'

const DAY = 86_400_000
const ASK: Ask = {
  id: 'k7m2qd',
  runId: 'one',
  question: 'Deploy?',
  choices: ['yes', 'no'],
  defaultAnswer: null,
  deadlineAt: null,
  reference: null,
  isParking: false,
  digest: '',
  askedAt: 1000,
  state: 'open',
  answer: null,
  answeredBy: null,
  settledAt: null,
}
const HELD: Held = {
  agent: 'codex',
  since: 1000,
  until: 7000,
  tryAt: 7000,
  tries: 0,
  probe: null,
  runId: 'one',
  isTold: true,
  heldUntil: 7000,
}

t.test('an ask is told with its choices, until its deadline, and then what became of it', async (t) => {
  const asked = askEvents(ASK, 'Nightly')
  t.match(asked, [
    {
      key: 'ask k7m2qd',
      expiresAt: 1000 + DAY,
      isUrgent: true,
      after: null,
      shown: {
        title: 'Nightly asks',
        body: 'Deploy? (yes / no)',
        to: '#/asks/k7m2qd',
        choices: ['yes', 'no'],
      },
    },
  ])
  t.match(askEvents({ ...ASK, choices: [], deadlineAt: 5000 }, 'x'), [
    { expiresAt: 5000, shown: { body: 'Deploy?', choices: [] } },
  ])
  const settled = { ...ASK, settledAt: 2000 }
  const bodyOf = (ask: Ask) => askEvents(ask, 'Nightly').map(({ shown }) => shown.body)
  const answered: Ask = { ...settled, state: 'answered', answer: 'yes', answeredBy: 'ada' }
  t.match(askEvents(answered, 'Nightly'), [
    {
      key: 'ask k7m2qd settled',
      after: 'ask k7m2qd',
      at: 2000,
      shown: { tag: 'ask k7m2qd', title: 'Nightly', isQuiet: true, choices: [] },
    },
  ])
  t.same(bodyOf(answered), ['Answered by ada: yes (Deploy?)'])
  t.same(bodyOf({ ...answered, answeredBy: null }), ['Answered: yes (Deploy?)'])
  t.same(bodyOf({ ...settled, state: 'withdrawn' }), ['Not asked any more, its run has ended: Deploy?'])
  t.same(bodyOf({ ...settled, state: 'expired' }), ['Nobody answered in time: Deploy?'])
  t.same(bodyOf({ ...settled, state: 'expired', answer: 'no' }), [
    'Nobody answered in time, so “no” counts: Deploy?',
  ])
})

t.test('ends are told as they are, but for runs that never began or go on', async (t) => {
  const ledger = openLedger(`${t.testdir()}/looper.db`, t.fail)
  t.teardown(() => ledger.close())
  const end = (runId: string, launchedAt: number | null, more: object) => {
    ledger.begin(intentOf(runId, { name: 'Nightly' }))
    if (launchedAt !== null) ledger.step(runId, { launchedAt })
    const finish = {
      outcome: 'exited',
      returnCode: 0,
      cause: null,
      endedAt: 65_000,
      outputBytes: 0,
      tokensUsed: null,
    } as const
    ledger.finish(runId, { ...finish, ...more })
    const [run] = ledger.listed([runId])
    return run ? endEvent(run) : null
  }
  const well = end('well', 1000, {})
  t.match(well, { key: 'run well', want: 'ends', at: 65_000, isUrgent: false })
  t.match(well?.shown, { title: 'Ended: Nightly', body: 'exited 0 after 1 m 4 s', to: '#/runs/well' })
  ledger.begin(
    intentOf('checked', { name: 'Nightly', check: { line: 'true', isOwners: true, timeoutMs: 0 } }),
  )
  const finish = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: 0, tokensUsed: null } as const
  ledger.step('checked', { launchedAt: 1000, changes: CHANGED })
  ledger.finish('checked', {
    ...finish,
    check: { verdict: 'refuted', cause: 'red', returnCode: 1 },
    endedAt: 65_000,
  })
  const [changed] = ledger.listed(['checked'])
  t.match(changed && endEvent(changed)?.shown.body, 'exited 0 after 1 m 4 s, refuted, 3 commits, +120 −44')
  const shown = (...args: Parameters<typeof end>) => end(...args)?.shown
  t.match(shown('bad', 1000, { returnCode: 3, cause: 'no more tokens' }), {
    title: 'Failed: Nightly',
    body: 'exited 3 after 1 m 4 s, no more tokens',
  })
  t.match(shown('limit', 70_000, { outcome: 'timed_out', returnCode: null }), {
    body: 'timed out after less than 1 s',
  })
  t.match(shown('never', null, { outcome: 'failed_to_start', returnCode: null, cause: 'no such file' }), {
    title: 'Failed: Nightly',
    body: 'failed to start, no such file',
  })
  t.equal(end('waited', null, { outcome: 'stopped', returnCode: null }), null)
  t.equal(end('parked', 1000, { outcome: 'parked', returnCode: null }), null)
  ledger.begin(intentOf('live'))
  const [live] = ledger.listed(['live'])
  t.equal(live && endEvent(live), null)

  const sources = { ledger, asks: () => [], holds: { all: () => [HELD] }, clock: { now: () => 65_000 + DAY } }
  const keys = (now: number, ...happened: Parameters<typeof gather>[1][]) =>
    happened.map((one) => gather({ ...sources, clock: { now: () => now } }, one).map(({ key }) => key))
  t.same(keys(66_000, { runIds: 'all', agents: 'all' }), [
    ['run never', 'run limit', 'run bad', 'run checked', 'run well', 'hold codex 1000'],
  ])
  t.same(keys(66_000, { runIds: ['bad'], agents: [] }), [['run bad']])
  t.same(keys(66_000, { runIds: [], agents: ['codex'] }), [['hold codex 1000']])
  t.same(keys(65_001 + DAY, { runIds: 'all', agents: 'all' }), [[]], 'that is no news any more')
  const asks = () => [{ list: () => [ASK, { ...ASK, id: 'x', runId: 'well', settledAt: 65_000 }] }]
  const now = { now: () => 1000 + DAY }
  t.match(gather({ ...sources, asks, clock: now }, { runIds: [], agents: [] }), [
    { shown: { title: 'A run asks' } },
    { key: 'ask x settled', shown: { title: 'Nightly' } },
  ])
  t.match(gather({ ...sources, asks, clock: { now: () => 1001 + DAY } }, { runIds: [], agents: [] }), [
    { key: 'ask x settled' },
  ])
})

t.test('a hold is told with its end, and at a start only to who was not told of the agent’s', async (t) => {
  t.match(holdEvent(HELD, false), {
    unless: null,
    expiresAt: 7000,
    shown: { time: 7000, body: /wait until \{time\}/ },
  })
  t.match(holdEvent({ ...HELD, until: null }, true), {
    unless: 'hold codex ',
    shown: { body: /is tried at \{time\}/ },
  })
})
