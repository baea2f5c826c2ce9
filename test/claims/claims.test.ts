import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openClaims } from '../../src/claims/claims.ts'
import { claimTool, releaseTool } from '../../src/claims/tools.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { unstarted } from '../../src/runs/outcome.ts'
import { intentOf } from '../helpers/record.ts'

const NEVER = new AbortController().signal

function setUp(test: Test) {
  const file = path.join(test.testdir(), 'looper.db')
  const open = () => {
    const ledger = openLedger(file, () => undefined)
    return { ledger, claims: openClaims({ ledger, clock: { now: () => 5000 } }) }
  }
  let opened = open()
  test.teardown(() => opened.ledger.close())
  const restart = () => {
    opened.ledger.close()
    opened = open()
    return opened
  }
  const begin = (runId: string) => opened.ledger.begin(intentOf(runId, { name: `${runId} at work` }))
  const end = (runId: string) =>
    opened.ledger.finish(runId, { ...unstarted(null), endedAt: 6000, outputBytes: null, tokensUsed: null })
  return { ...opened, file, restart, begin, end }
}

t.test('a name is one run’s, until it is released or its run ends', async (t) => {
  const { claims, begin, end } = setUp(t)
  begin('a')
  begin('b')
  t.same(claims.held(), [])
  t.equal(claims.release('x', 'a'), false, 'nobody held it')
  t.match(claims.take('x', 'a'), { name: 'x', runId: 'a', fence: 1, since: 5000 })
  t.match(claims.take('x', 'a'), { fence: 1 }, 'it has it already')
  const held = {
    code: 'LOOPER_CLAIM_HELD',
    message: 'x is held by run a (a at work) since 1970-01-01T00:00:05.000Z',
  }
  t.throws(() => claims.take('x', 'b'), held)
  t.throws(() => claims.release('x', 'b'), held)
  t.equal(claims.release('x', 'a'), true)
  t.same(claims.held(), [])
  t.match(claims.take('x', 'b'), { runId: 'b', fence: 2 })
  end('b')
  t.same(claims.held(), [])
  t.match(claims.take('x', 'a'), { runId: 'a', fence: 3 }, 'no number comes twice')
  t.match(claims.take('X', 'a'), { fence: 4 }, 'another name')
})

t.test('it is still held after a restart, and numbers go on', async (t) => {
  const { claims, begin, end, restart } = setUp(t)
  begin('a')
  begin('b')
  claims.take('x', 'a')
  end('a')
  claims.take('y', 'b')
  const next = restart()
  t.match(next.claims.held(), [{ name: 'y', run: { runId: 'b' } }])
  t.match(next.claims.take('x', 'b'), { fence: 3 })
})

t.test('what ended runs held is removed, and a run holds so many at most', async (t) => {
  const { claims, file, begin, end } = setUp(t)
  for (const runId of ['a', 'b']) begin(runId)
  for (let n = 0; n < 50; n++) claims.take(`name-${n}`, 'a')
  t.throws(() => claims.take('one-more', 'a'), { code: 'LOOPER_CLAIMS_LIMIT', message: /holds 50 names/ })
  t.match(claims.take('name-7', 'a'), { fence: 8 }, 'what it has it may ask for')
  claims.release('name-7', 'a')
  claims.take('one-more', 'a')
  end('a')
  claims.take('x', 'b')
  const db = new DatabaseSync(file, { readOnly: true })
  t.same(db.prepare('SELECT name, run_id FROM claims').all(), [{ name: 'x', run_id: 'b' }])
  db.close()
})

t.test('an end that waits to be written counts as one', async (t) => {
  const { claims, file, begin, end } = setUp(t)
  begin('a')
  begin('b')
  claims.take('x', 'a')
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  end('a')
  t.same(claims.held(), [])
  t.throws(
    () => claims.take('x', 'b'),
    { code: 'LOOPER_LEDGER_UNWRITABLE' },
    'it is told where it cannot be kept',
  )
  other.exec('ROLLBACK')
  other.close()
  t.match(claims.take('x', 'b'), { runId: 'b', fence: 2 })
})

t.test('in 1,000 rounds of runs that race and die, nobody loses a claim and no two have one', async (t) => {
  const { claims, begin, end } = setUp(t)
  // A generator of its own, so that a failure comes again.
  let seed = 14
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const names = ['x', 'y', 'z']
  const runs = ['run-0', 'run-1']
  for (const runId of runs) begin(runId)
  const model = new Map<string, string>()
  let fence = 0
  let deaths = 0
  let refusals = 0
  for (let round = 0; round < 1000; round++) {
    const name = String(names[random(3)])
    const order = random(2) === 0 ? runs : runs.toReversed()
    for (const runId of order) {
      const holder = model.get(name)
      if (holder !== undefined && holder !== runId) {
        refusals++
        t.throws(() => claims.take(name, runId), { code: 'LOOPER_CLAIM_HELD' })
        continue
      }
      const claim = claims.take(name, runId)
      if (holder === undefined && claim.fence <= fence) t.fail(`${claim.fence} after ${fence}`)
      fence = Math.max(fence, claim.fence)
      model.set(name, runId)
    }
    if (random(4) === 0 && claims.release(name, String(model.get(name)))) model.delete(name)
    if (random(3) === 0) {
      const [dead] = runs.splice(random(2), 1)
      end(String(dead))
      for (const [held, holder] of model) if (holder === dead) model.delete(held)
      runs.push(`run-${++deaths + 1}`)
      begin(String(runs[1]))
    }
    const told = claims.held().map((claim) => [claim.name, claim.runId])
    t.same(
      told,
      [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
      `round ${round}`,
    )
  }
  t.ok(deaths > 200 && refusals > 500, `${deaths} died, ${refusals} were refused`)
})

t.test('agents are told what they have, and what they do not', async (t) => {
  const { claims, ledger, begin } = setUp(t)
  begin('a')
  const run = ledger.find('a')
  if (run === null) throw new Error('it is not on the record')
  t.same(await claimTool(claims).call({ name: 'x' }, run, NEVER), {
    name: 'x',
    fence: 1,
    since: '1970-01-01T00:00:05.000Z',
  })
  t.equal(await releaseTool(claims).call({ name: 'x' }, run, NEVER), 'Released.')
  t.equal(await releaseTool(claims).call({ name: 'x' }, run, NEVER), 'Nobody held it.')
})
