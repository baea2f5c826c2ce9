import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { NOTHING_SAID } from '../../../src/agents/said.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { WaitingRun } from '../../../src/record/waiting.ts'
import type { Held } from '../../../src/runs/holds/holds.ts'
import { workQueue } from '../../../src/runs/queue.ts'
import type { LaunchRequest, RunRequest } from '../../../src/runs/run.ts'
import { createRuns, type RunsDeps } from '../../../src/runs/runs.ts'
import { observeLedger } from '../../../src/runs/steps.ts'
import { CODEX_ONLY } from '../../helpers/agents.ts'
import { heartOf } from '../../helpers/heart.ts'
import { until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const MINUTE = 60_000
/** Meets a limit that is reset in so many minutes; without any: nobody knows when. */
const limit = (minutes?: number) =>
  `echo "ERROR: You've hit your usage limit. Try again ${minutes ? `in ${minutes} minutes` : 'later'}."; exit 1`
/** Meets a limit as long as there is no file of this name in its workspace. */
const until_ = (file: string, minutes?: number) => `[ -e ${file} ] || { ${limit(minutes)}; }; echo done`

/** A heart with its queue at work, by a clock that can be put forward. */
function setUp(test: Test, more: Partial<RunsDeps> = {}) {
  let ahead = 0
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  const heart = heartOf(test, { clock, maxRuns: 20, ...more })
  const { ledger, steps } = observeLedger(heart.ledger)
  const launched: string[] = []
  const held: string[] = []
  const told: Held[] = []
  steps.subscribe(({ step, run }) => {
    if (step === 'launched') launched.push(run.runId)
    if (step === 'held') held.push(run.runId)
  })

  /** A life of the service. */
  function live() {
    const runs = createRuns({ ...heart.deps, ledger })
    const closing = new AbortController()
    const prepare = async ({ prompt, slot, requestId }: WaitingRun) =>
      heart.requestOf(heart.launchOf(prompt, { slot, requestId, sharesWorkspace: true }))
    const first = () => runs.holds.tick((hold) => told.push(hold))
    const { logger } = heart.deps
    const work = runs
      .adopt()
      .then(() => workQueue({ runs, ledger, prepare, first, clock, logger }, closing.signal))
    const close = async () => {
      closing.abort()
      await runs.close()
      await work
    }
    test.teardown(close)
    return { runs, close }
  }

  const life = live()
  async function ask(prompt: string, launch: Partial<LaunchRequest> = {}, changes: Partial<RunRequest> = {}) {
    const wanted = heart.launchOf(prompt, { sharesWorkspace: true, ...launch })
    const started = await life.runs.start(heart.requestOf(wanted, changes))
    if (started.kind === 'started') await started.done
    return started
  }
  const ended = async (started: { kind: string; runId?: string | null }) => {
    const runId = String(started.runId)
    await until('it has ended', () => ledger.find(runId)?.outcome != null)
    return ledger.find(runId)
  }
  const waiting = (slot = 'default') => ledger.waitingIn(slot, 99)
  /** The clock is put forward; anything that changes lets the queue look at it. */
  const pass = (ms: number) => {
    ahead += ms
    void life.runs.launchIfIdle('wake', async () => null)
  }
  return { heart, ledger, life, live, ask, ended, waiting, pass, launched, held, told }
}

t.test(
  'at a usage limit every request waits, and after it everything begins once, in its order',
  async (t) => {
    const { heart, ledger, life, ask, ended, waiting, pass, launched, held, told } = setUp(t)
    const file = path.join(heart.workspace, 'reset')
    const first = await ask(until_('reset', 10))
    t.match(await ended(first), { outcome: 'exited', returnCode: 1, errorKind: 'quota' })
    await until('it is to go on', () => waiting().length === 1)
    t.match(life.runs.holds.of('codex'), { agent: 'codex', runId: first.kind === 'started' && first.runId })
    t.equal(life.runs.holds.of('claude'), null)
    await until('people are told', () => told.length === 1)
    t.same(held, [ledger.find(String(told[0]?.runId))?.runId])

    const live = await life.runs.start(heart.requestOf(null))
    t.equal(live.kind, 'started', 'what only stops is not held')
    if (live.kind === 'started') await live.done
    const one = await ask('echo one')
    t.match(one, { kind: 'waiting', ahead: 1, held: { heldUntil: Number } })
    const two = await ask('echo two', {}, { ifRunning: 'queue' })
    t.match(two, { kind: 'waiting', ahead: 2, held: { heldUntil: Number } })
    t.match(await ask('echo skip', {}, { ifRunning: 'skip' }), { kind: 'skipped', obstacle: 'waiting' })
    t.match(await ask('echo', { slot: 'b' }, { ifRunning: 'skip' }), { kind: 'waiting' })
    t.match(await ask('echo', { slot: 'b' }, { ifRunning: 'skip' }), { kind: 'skipped' })
    await t.rejects(ask('echo', { onQuota: 'fail' }), {
      code: 'LOOPER_AGENT_HELD',
      message: /held until \d{4}-/,
    })
    t.match(await life.runs.launchIfIdle('default', async () => heart.launchOf('echo')), {
      kind: 'no_room',
      why: { code: 'LOOPER_AGENT_HELD' },
    })
    const plan = (more: Partial<LaunchRequest>) => life.runs.plan(heart.requestOf(heart.launchOf('x', more)))
    t.match(await plan({}), { would: 'wait', stop: [] })
    await t.rejects(plan({ onQuota: 'fail' }), { code: 'LOOPER_AGENT_HELD' })
    t.equal((await life.runs.occupation()).obstacle, null, 'what is held is in nobody else’s way')
    t.equal(launched.length, 1)

    writeFileSync(file, '')
    pass(11 * MINUTE + 3000)
    await ended(two)
    const inSlot = launched.map((runId) => ledger.find(runId)).filter((run) => run?.slot === 'default')
    t.match(inSlot, [
      {},
      { prompt: until_('reset', 10), outcome: 'exited', returnCode: 0 },
      { runId: one.kind === 'waiting' && one.runId },
      { runId: two.kind === 'waiting' && two.runId },
    ])
    t.same(life.runs.holds.all(), [])
    t.equal(told.length, 1)
    t.same(ledger.holds(), [], 'a run that ended well shows that the limit is no more')
  },
)

t.test('what runs goes on; what waits is held, also over restarts; a release ends it early', async (t) => {
  const { heart, ledger, life, live, ask, ended, waiting, launched } = setUp(t)
  const other = await ask('exec sleep 300', { slot: 'other' })
  const first = await ask(limit(10), { onQuota: 'fail' })
  await ended(first)
  t.equal(ledger.find(String(other.kind === 'started' && other.runId))?.outcome, null)
  const held = await ask('echo held')
  t.same(
    waiting().map(({ runId }) => runId),
    [held.kind === 'waiting' && held.runId],
    'it does not go on',
  )
  await life.close()
  for (let n = 0; n < 3; n++) {
    const next = live()
    await next.runs.adopted()
    t.match(next.runs.holds.all(), [{ agent: 'codex', isTold: true }])
    await next.close()
  }
  t.equal(launched.length, 2)
  const last = live()
  t.equal(last.runs.holds.release('claude'), false)
  t.equal(last.runs.holds.release('codex'), true)
  t.equal(last.runs.holds.release('codex'), false)
  await ended(held)
  t.match(heart.eventsOf('hold.end'), [{ agent: 'codex', why: 'it was released' }])
})

t.test(
  'a hold that is released while its one run is launched, or before the service is killed',
  async (t) => {
    const { heart, ledger, life, live, ask, ended, pass, launched } = setUp(t)
    await ended(await ask(limit(), { onQuota: 'fail' }))
    const first = await ask('echo first', { slot: 'a' })
    const second = await ask('echo second', { slot: 'b' })
    pass(5 * MINUTE + 1000)
    await until('one is let through', () => life.runs.holds.of('codex')?.heldUntil === null)
    t.equal(life.runs.holds.release('codex'), true)
    for (const one of [first, second]) {
      const end = await ended(one)
      t.match(end, { outcome: 'exited', returnCode: 0 }, String(end?.cause))
    }
    t.equal(launched.length, 3, 'each once')
    t.same(ledger.holds(), [])

    await ended(await ask(limit(10), { onQuota: 'fail' }))
    const third = await ask('echo third')
    t.match(third, { kind: 'waiting' })
    await life.close()
    // As far as a release comes where the service is killed right behind it.
    heart.ledger.dropHold('codex')
    const next = live()
    t.match(await ended(third), { outcome: 'exited', returnCode: 0 })
    t.equal(launched.length, 5, 'once')
    t.same(next.runs.holds.all(), [])
  },
)

t.test('the one run that is let through ends the hold as soon as it got something done', async (t) => {
  const { heart, ledger, life, ask, ended, pass, launched } = setUp(t)
  await ended(await ask(limit(), { onQuota: 'fail' }))
  const works = [
    { ...NOTHING_SAID, reply: 'half of it' },
    { ...NOTHING_SAID, usage: { input: 1, cached: 0, output: 2, total: null } },
  ]
  for (const [index, said] of works.entries()) {
    if (index > 0) await ended(await ask(limit(), { onQuota: 'fail', slot: 'limit' }))
    const slots = [`a${index}`, `b${index}`]
    for (const slot of slots) await ask('exec sleep 300', { slot })
    const before = launched.length
    pass(6 * MINUTE)
    await until('one is let through', () => launched.length === before + 1)
    t.match(life.runs.holds.of('codex'), { heldUntil: null, probe: launched.at(-1) })
    ledger.step(String(launched.at(-1)), { said })
    t.equal(life.runs.holds.of('codex'), null)
    await until('the other one begins', () => launched.length === before + 2)
  }
  t.match(heart.eventsOf('hold.end'), [{ why: 'a run goes on' }, { why: 'a run goes on' }])
})

t.test('where nobody knows the reset, one run is let through, and all when it shows something', async (t) => {
  const { heart, ledger, life, ask, ended, pass, launched } = setUp(t)
  await ended(await ask(limit(), { onQuota: 'fail' }))
  // Which slot is looked at first is open; the first one that gets past the limit stays.
  const work = `${until_('reset')}; mkdir first 2>/dev/null && exec sleep 300; echo ok`
  const all = []
  for (const slot of ['a', 'b', 'c']) all.push(await ask(work, { slot }))
  const begun = launched.length
  pass(5 * MINUTE + 1000)
  await until('one is let through', () => launched.length > begun)
  t.match(await ended({ kind: '', runId: String(launched[begun]) }), { errorKind: 'quota' })
  t.equal(launched.length, begun + 1, 'one alone')
  t.match(life.runs.holds.of('codex'), { tries: 1, probe: null })
  writeFileSync(path.join(heart.workspace, 'reset'), '')
  pass(5 * MINUTE)
  t.equal(launched.length, begun + 1, 'twice as long')
  pass(6 * MINUTE)
  await until('the run goes on', () => launched.length > begun + 1)
  const goesOn = String(launched.at(-1))
  t.match(life.runs.holds.of('codex'), { heldUntil: null, probe: goesOn })
  await t.rejects(ask('echo', { onQuota: 'fail' }), { message: /until another run has shown/ })
  t.match(await ask('echo three'), { kind: 'waiting', held: { heldUntil: null } })
  await until('it is past the limit', () => existsSync(path.join(heart.workspace, 'first')))
  await life.runs.stop(goesOn, 'enough')
  for (const one of all) await ended(one)
  t.same(ledger.holds(), [])
})

t.test(
  'many runs that meet the limit at once make one hold, are told of once, and each goes on once',
  async (t) => {
    const { ledger, life, ask, ended, pass, told, launched, heart } = setUp(t)
    const slots = Array.from({ length: 8 }, (_, n) => `s${n}`)
    const runs = await Promise.all(
      slots.map((slot, n) => ask(`sleep 0.5; ${until_('reset', 10 + n)}`, { slot })),
    )
    for (const run of runs) await ended(run)
    await until('all are to go on', () => slots.every((slot) => ledger.waitingIn(slot, 9).length === 1))
    t.equal(life.runs.holds.all().length, 1)
    t.equal(told.length, 1)
    writeFileSync(path.join(heart.workspace, 'reset'), '')
    pass(18 * MINUTE + 3000)
    await until('all went on', () => launched.length === 16)
    for (const runId of launched) await ended({ kind: '', runId })
    t.equal(ledger.list({ limit: 99 }).length, 16)
  },
)

t.test('a run that ended at its limit while nobody was there is held, and goes on once', async (t) => {
  const { heart, ledger, life, live, waiting } = setUp(t)
  await life.close()
  const left = await heart.leftBy(limit(10), { log: true, launch: true }, { onQuota: 'hold' })
  await left.complete
  for (let n = 0; n < 2; n++) {
    const next = live()
    await next.runs.adopted()
    t.match(next.runs.holds.all(), [{ runId: left.runId }])
    await until('it is to go on', () => waiting().length === 1)
    await next.close()
  }
  t.match(ledger.find(left.runId), { outcome: 'exited', errorKind: 'quota' })
  t.equal(ledger.list({ limit: 9 }).length, 2)
})

t.test('a hold of an agent that is not configured any more can be seen and released', async (t) => {
  const { heart, life, live } = setUp(t)
  await life.close()
  const now = Date.now()
  const hold = {
    agent: 'gone/\u{1F600}',
    since: now,
    until: null,
    tryAt: now + MINUTE,
    tries: 0,
    probe: null,
    runId: 'x',
    isTold: false,
  }
  heart.ledger.putHold(hold)
  const { runs } = live()
  t.match(runs.holds.all(), [{ agent: hold.agent }])
  t.equal(runs.holds.of('codex'), null)
  t.equal(runs.holds.release(hold.agent), true)
})

t.test('what cannot be written now goes on later; nothing fails of it', async (t) => {
  const { heart, ledger, life, ask, ended, waiting } = setUp(t, { agents: CODEX_ONLY })
  const { enqueue } = heart.ledger
  const { goOn } = ledger
  t.type(enqueue, 'function')
  let fails = 2
  ledger.goOn = (...args) => {
    if (fails-- > 0) throw new Error('the disk is full')
    goOn(...args)
  }
  await ended(await ask(limit(10)))
  await until('it is to go on', () => waiting().length === 1)
  t.ok(heart.eventsOf('queue.fail').length >= 1)
  const find = ledger.find
  ledger.find = () => {
    throw new Error('broken')
  }
  t.doesNotThrow(() =>
    life.runs.holds.ended({
      runId: 'x',
      kind: CODEX_ONLY.known,
      end: { outcome: 'exited', returnCode: 1, cause: null },
      so: { errorKind: 'quota' } as never,
      endedAt: 0,
      logPath: '/none',
    }),
  )
  ledger.find = find
  t.equal(heart.eventsOf('hold.fail').length, 1)
})

t.test(
  'a clock that was set back while the service was down makes nothing wait longer than it had',
  async (t) => {
    const heart = heartOf(t)
    const now = Date.now()
    const since = now + 30 * 24 * 60 * MINUTE
    const hold = { agent: 'codex', since, until: null, tryAt: since + 5 * MINUTE, tries: 0, probe: null }
    heart.ledger.putHold({ ...hold, runId: 'one', isTold: true })
    const { holds } = createRuns(heart.deps)
    const left = Number(holds.of('codex')?.heldUntil) - now
    t.ok(left >= 5 * MINUTE && left < 6 * MINUTE, `${left} ms`)
    t.equal(heart.ledger.holds()[0]?.tryAt, holds.of('codex')?.tryAt, 'and that is on the record')
  },
)
