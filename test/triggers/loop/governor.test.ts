import t from 'tap'
import {
  afterRound,
  beforeRound,
  counted,
  DEFAULT_LIMITS,
  type Decision,
  type Limits,
  type Moment,
  NO_ROUNDS,
  type RoundFacts,
  resumed,
  type Tally,
} from '../../../src/triggers/loop/governor.ts'

const UNLIMITED: Limits = {
  iterations: null,
  timeMs: null,
  tokens: null,
  costUsd: null,
  noChange: null,
  sameFailure: null,
}
const NOW: Moment = { elapsedMs: 0, held: null, diskFull: null }
const WELL: RoundFacts = {
  reply: 'did something',
  verdict: null,
  failure: null,
  isQuota: false,
  isChanged: true,
  tokens: 10,
  costUsd: 0.25,
}
const causeOf = (decision: Decision) =>
  decision.kind === 'go_on' ? null : `${decision.kind} ${decision.cause}`

/** Rounds until something else than going on comes of one; at most 200. */
function live(factsOf: (round: number) => Partial<RoundFacts>, limits: Limits, moment: Partial<Moment> = {}) {
  const now = { ...NOW, ...moment }
  let tally: Tally = NO_ROUNDS
  for (let round = 1; round <= 200; round++) {
    const before = beforeRound(limits, tally, now)
    if (before.kind !== 'go_on') return { round, cause: causeOf(before), before }
    const facts = { ...WELL, ...factsOf(round) }
    tally = counted(tally, facts)
    const after = afterRound(limits, tally, { facts, word: 'DONE', moment: now })
    if (after.kind !== 'go_on') return { round, cause: causeOf(after), after }
  }
  return { round: 200, cause: null }
}

t.test('nobody who sets no limits has a loop without an end', async (t) => {
  t.match(
    live(() => ({}), DEFAULT_LIMITS),
    { round: 50, cause: 'end iterations' },
  )
  t.match(
    live(() => ({ isChanged: false }), DEFAULT_LIMITS),
    { round: 5, cause: 'pause no_change' },
  )
  t.match(
    live(() => ({}), DEFAULT_LIMITS, { elapsedMs: 86_400_000 }),
    {
      round: 1,
      cause: 'end time',
      before: { why: 'it has lasted 1 d' },
    },
  )
})

t.test('unlimited is unlimited', async (t) => {
  const facts = { isChanged: false, failure: 'it broke', tokens: 1e12, costUsd: 1e9 }
  t.match(
    live(() => facts, UNLIMITED, { elapsedMs: 1e15 }),
    { round: 200, cause: null },
  )
})

t.test('a check that passes ends it, whatever the agent says', async (t) => {
  const { round, cause } = live((n) => ({ verdict: n === 3 ? 'verified' : 'refuted' }), DEFAULT_LIMITS)
  t.strictSame({ round, cause }, { round: 3, cause: 'end verified' })
})

t.test('the completion word ends it, unless the check refutes it or the run failed', async (t) => {
  const said = (round: number) => (round === 4 ? 'all well\r\nDONE\r\n' : 'I shall say DONE')
  t.match(
    live((n) => ({ reply: said(n) }), DEFAULT_LIMITS),
    { round: 4, cause: 'end completed' },
  )
  t.match(
    live((n) => ({ reply: said(n), verdict: 'unverified' }), DEFAULT_LIMITS),
    {
      round: 4,
      cause: 'end completed',
    },
  )
  t.match(
    live(() => ({ reply: 'DONE', verdict: 'refuted' }), DEFAULT_LIMITS),
    { cause: 'end iterations' },
  )
  t.match(
    live(() => ({ reply: 'DONE', failure: 'killed' }), DEFAULT_LIMITS),
    { cause: 'pause same_failure' },
  )
  const facts = { ...WELL, reply: 'DONE' }
  t.equal(afterRound(UNLIMITED, counted(NO_ROUNDS, facts), { facts, word: null, moment: NOW }).kind, 'go_on')
})

t.test('that the work is done counts also in the last round that is allowed', async (t) => {
  const limits = { ...UNLIMITED, iterations: 1, tokens: 1, costUsd: 0.01, noChange: 1, timeMs: 1 }
  const facts = { ...WELL, reply: 'DONE', isChanged: false }
  const last = { word: 'DONE', moment: { ...NOW, elapsedMs: 5 } }
  const tally = counted(NO_ROUNDS, facts)
  t.equal(causeOf(afterRound(limits, tally, { ...last, facts })), 'end completed')
  const verified = { ...facts, reply: '', verdict: 'verified' } as const
  t.equal(causeOf(afterRound(limits, tally, { ...last, facts: verified })), 'end verified')
})

t.test('tokens and cost are counted over all rounds', async (t) => {
  t.match(
    live(() => ({}), { ...UNLIMITED, tokens: 95 }),
    {
      round: 10,
      cause: 'end tokens',
      after: { why: '100 tokens are used' },
    },
  )
  t.match(
    live(() => ({}), { ...UNLIMITED, costUsd: 1 }),
    {
      round: 4,
      cause: 'end cost',
      after: { why: '1.00 US dollars are spent' },
    },
  )
})

t.test('a limit that was lowered meanwhile counts before the next round', async (t) => {
  const tally = { ...NO_ROUNDS, iterations: 7, tokens: 70, costUsd: 2 }
  t.equal(causeOf(beforeRound({ ...UNLIMITED, iterations: 5 }, tally, NOW)), 'end iterations')
  t.equal(causeOf(beforeRound({ ...UNLIMITED, tokens: 70 }, tally, NOW)), 'end tokens')
  t.equal(causeOf(beforeRound({ ...UNLIMITED, costUsd: 1.5 }, tally, NOW)), 'end cost')
  t.equal(beforeRound({ ...UNLIMITED, iterations: 8 }, tally, NOW).kind, 'go_on')
})

t.test('rounds without a change count in a row', async (t) => {
  t.match(
    live((n) => ({ isChanged: n % 5 === 0 }), DEFAULT_LIMITS),
    { round: 50, cause: 'end iterations' },
  )
  t.match(
    live((n) => ({ isChanged: n < 3 }), DEFAULT_LIMITS),
    { round: 7, cause: 'pause no_change' },
  )
})

t.test('where nobody can tell changes, an agent that talks in circles changes nothing', async (t) => {
  const unknown = { isChanged: null }
  t.match(
    live((n) => ({ ...unknown, reply: `step ${n} of many` }), DEFAULT_LIMITS),
    { cause: 'end iterations' },
  )
  t.match(
    live(() => ({ ...unknown, reply: 'Let me look.' }), DEFAULT_LIMITS),
    {
      round: 6,
      cause: 'pause no_change',
    },
  )
  t.match(
    live((n) => ({ ...unknown, reply: `${n % 3}\n` }), DEFAULT_LIMITS),
    {
      round: 8,
      cause: 'pause no_change',
    },
  )
})

t.test('the same failure, but for numbers and ids, pauses it at the third time', async (t) => {
  const failure = (n: number) => `429 at 12:0${n}, request 8f${n}ab: too many requests`
  t.match(
    live((n) => ({ failure: failure(n) }), DEFAULT_LIMITS),
    {
      round: 3,
      cause: 'pause same_failure',
      after: { why: `the same failure came 3 times in a row: ${failure(3)}` },
    },
  )
  const names = ['anna', 'bert', 'carl']
  t.match(
    live((n) => ({ failure: `no file ${names[n % 3]}` }), DEFAULT_LIMITS),
    { cause: 'end iterations' },
  )
  t.match(
    live((n) => ({ failure: n % 3 === 0 ? null : 'it broke' }), DEFAULT_LIMITS),
    { cause: 'end iterations' },
  )
})

t.test(
  'a usage limit is waited for, and counts neither as a failure nor as a round without a change',
  async (t) => {
    const facts = { ...WELL, failure: 'You have hit your usage limit.', isQuota: true, isChanged: false }
    let tally: Tally = NO_ROUNDS
    for (let round = 1; round <= 10; round++) {
      tally = counted(tally, facts)
      const decision = afterRound(DEFAULT_LIMITS, tally, { facts, word: null, moment: NOW })
      t.strictSame(decision, { kind: 'pause', cause: 'quota', why: 'You have hit your usage limit.' })
    }
    t.match(tally, { iterations: 10, unchanged: 0, sameFailures: 0, failure: null })
    t.equal(
      causeOf(afterRound({ ...UNLIMITED, iterations: 10 }, tally, { facts, word: null, moment: NOW })),
      'end iterations',
    )
  },
)

t.test(
  'no round begins without room on the disk or while the agent is held; used up goes first',
  async (t) => {
    const held = 'codex has reached its usage limit until 12:00'
    t.strictSame(beforeRound(DEFAULT_LIMITS, NO_ROUNDS, { ...NOW, held }), {
      kind: 'pause',
      cause: 'quota',
      why: held,
    })
    const full = { ...NOW, held, diskFull: 'only 1 MB is free' }
    t.equal(causeOf(beforeRound(DEFAULT_LIMITS, NO_ROUNDS, full)), 'pause disk')
    t.equal(causeOf(beforeRound(DEFAULT_LIMITS, { ...NO_ROUNDS, iterations: 50 }, full)), 'end iterations')
  },
)

t.test('whoever lets a loop go on has what it was paused for counted anew', async (t) => {
  const facts = { ...WELL, isChanged: false, failure: 'it broke' }
  const stuck = [1, 2, 3, 4, 5].reduce((tally) => counted(tally, facts), NO_ROUNDS)
  const anew = counted(resumed(stuck), facts)
  t.match(anew, { iterations: 6, tokens: 60, unchanged: 1, sameFailures: 1 })
  t.equal(afterRound(DEFAULT_LIMITS, anew, { facts, word: null, moment: NOW }).kind, 'go_on')
})

t.test('a failure of megabytes without a space is compared at once', async (t) => {
  const failure = 'x'.repeat(5_000_000)
  t.match(
    live(() => ({ failure }), DEFAULT_LIMITS),
    { round: 3 },
  )
})

t.test('one round is told as one', async (t) => {
  const one = { ...NO_ROUNDS, iterations: 1, unchanged: 1 }
  t.match(beforeRound({ ...UNLIMITED, iterations: 1 }, one, NOW), { why: '1 round is done' })
  t.match(beforeRound({ ...UNLIMITED, iterations: 1 }, { ...one, iterations: 2 }, NOW), {
    why: '2 rounds are done',
  })
})
