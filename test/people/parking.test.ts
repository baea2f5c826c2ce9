import path from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import type { Ask } from '../../src/people/ask.ts'
import { createParking, promptOf } from '../../src/people/parking.ts'
import type { Outcome } from '../../src/runs/outcome.ts'
import type { Runs } from '../../src/runs/runs.ts'
import { CODEX_ONLY } from '../helpers/agents.ts'
import { heartOf } from '../helpers/heart.ts'
import { until } from '../helpers/service.ts'

const ASK: Ask = {
  id: 'k7m2qd',
  runId: 'one',
  question: 'Which port?',
  choices: [],
  defaultAnswer: null,
  deadlineAt: null,
  reference: null,
  isParking: true,
  digest: 'd',
  askedAt: 1,
  state: 'open',
  answer: null,
  answeredBy: null,
  settledAt: null,
}

t.test('only a run that can go on in its session is parked', async (t) => {
  const heart = heartOf(t)
  const found = heart.ledger.find(heart.begin('true').runId)
  if (found === null) throw new Error('it is not on the record')
  const agentWith = (canResume: boolean, isThere: boolean | null) => {
    const { standard } = CODEX_ONLY
    const agent = { ...standard, can: { ...standard.can, resume: canResume }, sessionExists: () => isThere }
    return { ...CODEX_ONLY, all: [agent], standard: agent }
  }
  const parkingOf = (agents: typeof CODEX_ONLY) =>
    createParking({
      records: { parking: () => [], handOn: () => undefined },
      runs: { park: async () => null, goOn: () => null, live: () => [] },
      ledger: { listed: () => [] },
      agents,
      env: () => ({}),
      logger: heart.deps.logger,
    })
  const run = { ...found, sessionId: 's' }
  const worktree = {
    ...found,
    sessionId: 's',
    worktree: { workspace: '/w', branch: 'b', repository: '/r', isKept: true },
  }
  t.throws(
    () => parkingOf(agentWith(false, true)).assertPossible(run),
    /cannot go on in a session; ask without park/,
  )
  t.throws(() => parkingOf(agentWith(true, false)).assertPossible(run), /session of this run is not kept/)
  t.throws(
    () => parkingOf(agentWith(true, true)).assertPossible({ ...run, agent: 'gone' }),
    /gone cannot go on/,
  )
  t.doesNotThrow(() => parkingOf(agentWith(true, null)).assertPossible(run))
  t.doesNotThrow(() => parkingOf(agentWith(true, false)).assertPossible(found), 'it tells none until later')
  t.doesNotThrow(() =>
    parkingOf(agentWith(true, true)).assertPossible(Object.assign(Object.create(null), worktree)),
  )
})

t.test('each is ended once at a time, and goes on once when its question is settled', async (t) => {
  const asks: Ask[] = [ASK, { ...ASK, id: 'second' }]
  const heart = heartOf(t)
  const [found] = heart.ledger.listed([heart.begin('true').runId])
  if (found === undefined) throw new Error('it is not on the record')
  let outcome: Outcome | null = null
  const live: { runId: string }[] = [{ runId: 'one' }]
  const calls: string[] = []
  const events: string[] = []
  let parked = Promise.withResolvers<null>()
  let next: string | null = null
  const runs: Pick<Runs, 'park' | 'goOn'> = {
    park(runId) {
      calls.push(`park ${runId}`)
      return parked.promise
    },
    goOn(runId, { prompt }) {
      calls.push(`go on with ${runId}: ${prompt.includes('8080')}`)
      return next
    },
  }
  const parking = createParking({
    records: { parking: () => asks, handOn: ({ runId }, to) => calls.push(`hand on ${runId} ${to}`) },
    runs: { ...runs, live: () => Object.assign([], live) },
    ledger: { listed: () => [{ ...found, outcome }] },
    agents: CODEX_ONLY,
    env: () => ({}),
    logger: pino({ level: 'error' }, { write: (line) => events.push(line) }),
  })
  t.equal(parking.tend(), true)
  t.equal(parking.tend(), true, 'it is under way')
  t.same(calls, ['park one'])
  parked.reject(new Error('it cannot be looked at'))
  await until('that is told', () => events.length === 1)
  parked = Promise.withResolvers()
  await until('it is tried again', () => parking.tend() && calls.length === 2)
  parked.resolve(null)
  live.pop()
  outcome = 'parked'
  t.equal(parking.tend(), false, 'nobody has answered')
  asks[0] = { ...ASK, state: 'answered', answer: '8080' }
  t.equal(parking.tend(), true, 'its end is not written yet')
  next = 'two'
  t.equal(parking.tend(), false)
  t.same(calls.slice(2), ['go on with one: true', 'go on with one: true', 'hand on one two'])
  asks.splice(0, 2, { ...ASK, state: 'withdrawn' })
  t.equal(parking.tend(), false)
  t.same(calls.slice(5), ['hand on one one'], 'nobody goes on with one that was stopped')
  asks[0] = { ...ASK, state: 'answered', answer: '8080' }
  outcome = 'stopped'
  t.equal(parking.tend(), false)
  t.same(calls.slice(6), ['hand on one one'], 'nor with one that was stopped after the answer')
})

t.test('who goes on is told what was asked, and what people said', async (t) => {
  const answered = { ...ASK, state: 'answered', answer: '8080' } as const
  t.equal(
    promptOf({ ...answered, answeredBy: 'ann' }),
    'You asked people (k7m2qd):\n\nWhich port?\n\nThe answer, by ann:\n\n8080\n\nGo on with your task.',
  )
  t.match(promptOf(answered), '\n\nThe answer:\n\n8080\n')
  t.match(promptOf({ ...ASK, state: 'expired', answer: '80' }), 'Your default counts:\n\n80\n')
  t.match(promptOf({ ...ASK, state: 'expired' }), /Decide by yourself\.\n\nGo on/)
  t.notOk(path.isAbsolute(promptOf(ASK)))
})
