import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { LooperError } from '../../src/base/errors.ts'
import type { WaitingRun } from '../../src/record/waiting.ts'
import { workQueue } from '../../src/runs/queue.ts'
import type { LaunchRequest, RunRequest } from '../../src/runs/run.ts'
import { createRuns, type RunsDeps } from '../../src/runs/runs.ts'
import { observeLedger } from '../../src/runs/steps.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

/** A heart with its queue at work, and requests that wait. */
function setUp(test: Test, more: Partial<RunsDeps> = {}) {
  const heart = heartOf(test, more)
  const { ledger, steps } = observeLedger(heart.ledger)
  const begun: string[] = []
  steps.subscribe(({ step, run }) => {
    if (step === 'launched') begun.push(run.prompt)
  })
  const requests = new Map<string, RunRequest>()
  const { clock, logger } = heart.deps

  /** A life of the service. */
  function live() {
    const runs = createRuns({ ...heart.deps, ledger })
    const closing = new AbortController()
    const prepare = async ({ prompt }: WaitingRun) => {
      const request = requests.get(prompt)
      if (!request) throw new LooperError('LOOPER_WORKSPACE_INVALID', 'its workspace is gone')
      return request
    }
    const work = runs.adopt().then(() => workQueue({ runs, ledger, prepare, clock, logger }, closing.signal))
    const close = async () => {
      closing.abort()
      await runs.close()
      await work
    }
    test.teardown(close)
    return { runs, close }
  }

  const requestFor = (
    prompt: string,
    launch: Partial<LaunchRequest> = {},
    changes: Partial<RunRequest> = {},
  ) => {
    const request = heart.requestOf(heart.launchOf(prompt, launch), { ifRunning: 'queue', ...changes })
    requests.set(prompt, request)
    return request
  }
  const life = live()
  /** What begins at once is launched when it resolves. */
  const ask = async (
    prompt: string,
    launch: Partial<LaunchRequest> = {},
    changes: Partial<RunRequest> = {},
  ) => {
    const started = await life.runs.start(requestFor(prompt, launch, changes))
    if (started.kind === 'started') await started.done
    return started
  }
  const waiting = (slot = 'default') => ledger.waitingIn(slot, 99).map(({ prompt }) => prompt)
  const stopAll = () => Promise.all(life.runs.live().map(({ runId }) => life.runs.stop(runId, 'enough')))
  return { heart, ledger, begun, requests, life, live, ask, requestFor, waiting, stopAll }
}

const runIdOf = (started: { kind: string; runId?: string | null }) => String(started.runId)

t.test('a free slot is taken at once; others wait, and begin in their order', async (t) => {
  const { life, ask, begun, waiting, ledger } = setUp(t)
  const first = await ask('sleep 300 # first')
  t.equal(first.kind, 'started')
  const others = [await ask('true # a'), await ask('true # b'), await ask('sleep 300 # c')]
  t.match(others, [
    { kind: 'waiting', ahead: 0 },
    { kind: 'waiting', ahead: 1 },
    { kind: 'waiting', ahead: 2 },
  ])
  t.same(waiting(), ['true # a', 'true # b', 'sleep 300 # c'])
  await life.runs.stop(runIdOf(first), 'enough')
  const last = others[2]
  if (last?.kind !== 'waiting') throw new Error('it does not wait')
  t.equal((await last.done).run?.runId, last.runId)
  t.same(begun, ['sleep 300 # first', 'true # a', 'true # b', 'sleep 300 # c'])
  t.same(waiting(), [])
  t.match(ledger.find(runIdOf(others[0] ?? first)), { outcome: 'exited', returnCode: 0 })
})

t.test('what waits outlives its service, also one that is killed in the middle of a launch', async (t) => {
  const { heart, life, live, ask, requestFor, begun, waiting, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const started = [await ask('sleep 300 # a'), await ask('true # b')]
  const [a] = started
  if (a?.kind !== 'waiting') throw new Error('it does not wait')
  const refused = t.rejects(a.done, { code: 'LOOPER_SHUTTING_DOWN' })
  await life.close()
  await refused
  t.same(waiting(), ['sleep 300 # a', 'true # b'])
  t.match(ledger.find(a.runId), { outcome: null, isWaiting: true })

  // A life that died after the launch, and before it could note that.
  const { workspace, binary } = requestFor('sleep 300 # a').launch ?? { workspace: '', binary: { path: '' } }
  const left = await heart.deps.place.launch({
    runId: a.runId,
    workspace,
    command: { argv: [binary.path, 'exec', 'sleep 300'], stdin: null, env: {}, files: {} },
    logPath: path.join(heart.deps.logDir, 'left.log'),
    env: heart.deps.env(),
    assertAllowed: () => undefined,
  })
  const { runs } = live()
  await until('it is taken up', () => runs.live().length === 1)
  t.match(runs.live(), [{ runId: a.runId, agent: left.agent }])
  t.same(waiting(), ['true # b'])
  await runs.stop(a.runId, 'enough')
  await until('the next one', () => begun.includes('true # b'))
  t.same(begun.filter((prompt) => prompt === 'true # b').length, 1)
})

t.test('a run whose launch was cut off begins after the next start', async (t) => {
  const { heart, life, live, ask, begun, waiting, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const told: string[] = []
  const notify = async (message: string) => ({ output: `sent ${told.push(message)}`, messageId: null })
  const runId = runIdOf(await ask('true # a', {}, { notify }))
  await life.close()
  const { path: logPath, headerBytes } = await (await import('../../src/logs/run-log.ts')).createRunLog(
    heart.deps.logDir,
    { requestId: '00000002', workspace: '/', command: 'x' },
    new Date(0),
  )
  ledger.step(runId, { announcedAt: 1, notice: 'sent before', logPath, headerBytes })
  // Its state file was made for it, and nobody wrote into it.
  writeFileSync(path.join(heart.stateDir, runId), '')
  t.same(waiting(), ['true # a'])
  live()
  await until('it ends', () => ledger.find(runId)?.outcome === 'exited')
  t.same(begun, ['sleep 300 # first', 'true # a'])
  t.same(told, [], 'and is not announced again')
  t.match(ledger.find(runId), { announcedAt: 1, notice: 'sent before' })
})

t.test('the newest that coalesces takes the place of the one before', async (t) => {
  const { ask, waiting, stopAll, begun, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const old = await ask('true # old', {}, { ifRunning: 'coalesce' })
  await ask('true # queued')
  const next = await ask('true # new', {}, { ifRunning: 'coalesce' })
  t.same(waiting(), ['true # new', 'true # queued'])
  if (old.kind !== 'waiting') throw new Error('it does not wait')
  await t.rejects(old.done, { code: 'LOOPER_RUN_CANCELLED' })
  t.match(ledger.find(old.runId), {
    outcome: 'stopped',
    cause: `run ${runIdOf(next)} took its place while it waited`,
  })
  await stopAll()
  await until('both began', () => begun.length === 3)
  t.same(begun.slice(1), ['true # new', 'true # queued'])
})

t.test('one that waits can be called off, and put first', async (t) => {
  const { life, ask, waiting, stopAll, begun, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const [a, b] = [await ask('true # a'), await ask('true # b'), await ask('true # c')]
  ledger.putFirst(ledger.waitingIn('default', 9)[2]?.runId ?? '')
  t.same(waiting(), ['true # c', 'true # a', 'true # b'])
  t.same(await life.runs.stop(runIdOf(a), 'stopped by me'), { signalled: [], survivors: [] })
  if (a.kind === 'waiting') await t.rejects(a.done, { code: 'LOOPER_RUN_CANCELLED' })
  t.match(ledger.find(runIdOf(a)), { outcome: 'stopped', cause: 'the run was called off: stopped by me' })
  t.equal(await life.runs.stop(runIdOf(a), 'again'), null)
  await stopAll()
  await until('the last one ends', () => ledger.find(runIdOf(b))?.outcome === 'exited')
  t.same(begun.slice(1), ['true # c', 'true # b'])
})

t.test('a replacement goes before what waits, and what only looks does not', async (t) => {
  const { life, heart, ask, requestFor, waiting } = setUp(t)
  await ask('sleep 300 # first')
  await ask('true # a')
  await ask('sleep 300 # other', {}, { ifRunning: 'replace' })
  t.match(life.runs.live(), [{ name: 'a run' }])
  t.same(waiting(), ['true # a'])
  t.match(await ask('true # skips', {}, { ifRunning: 'skip' }), { kind: 'skipped', obstacle: 'live' })
  t.match(await life.runs.plan(requestFor('true # b')), { would: 'wait', stop: [] })
  t.match(await life.runs.plan(requestFor('true # b', { slot: 'x', workspace: heart.dir })), { would: 'run' })
  t.match(await life.runs.launchIfIdle('default', async () => heart.launchOf('true')), { kind: 'live' })
})

t.test('while something waits, nothing that gives way begins before it', async (t) => {
  const { heart, life, ask, requests, waiting } = setUp(t)
  const notify = async () => Promise.reject(new LooperError('LOOPER_NOTICE_FAILED', 'no network'))
  await ask('sleep 300 # first')
  const runId = runIdOf(await ask('true # a', {}, { notify }))
  await life.runs.stop(life.runs.live()[0]?.runId ?? '', 'enough')
  await until('it failed', () => heart.eventsOf('queue.wait').length > 0)
  t.match(heart.eventsOf('queue.wait'), [{ slot: 'default', error: /no network/ }])
  t.same(waiting(), ['true # a'])
  t.match(await life.runs.occupation(), { obstacle: 'waiting' })
  t.match(await ask('true # skips', {}, { ifRunning: 'skip' }), { kind: 'skipped', obstacle: 'waiting' })
  t.match(await life.runs.launchIfIdle('default', async () => heart.launchOf('true')), { kind: 'waiting' })
  t.match(await ask('true # b'), { kind: 'waiting', ahead: 1 })
  const good = requests.get('true # b')
  if (good) requests.set('true # a', { ...good, launch: heart.launchOf('true # a') })
  await until('it is tried again', () => heart.ledger.find(runId)?.outcome === 'exited')
})

t.test('what needs room waits for it, in whatever slot', async (t) => {
  const { heart, life, ask, waiting, begun } = setUp(t, { maxRuns: 1 })
  const other = path.join(heart.dir, 'other')
  mkdirSync(other)
  await ask('sleep 300 # first')
  t.match(await ask('true # a', { slot: 'x', workspace: other }), { kind: 'waiting', ahead: 0 })
  t.match(
    await life.runs.plan(heart.requestOf(heart.launchOf('true', { slot: 'x' }), { ifRunning: 'queue' })),
    {
      would: 'wait',
    },
  )
  t.match(await life.runs.next('x', async () => Promise.reject(new Error('never'))), { kind: 'no_room' })
  t.same(waiting('x'), ['true # a'])
  await life.runs.stop(life.runs.live()[0]?.runId ?? '', 'enough')
  await until('it began', () => begun.includes('true # a'))
})

t.test('what cannot begin any more ends, and the next one begins', async (t) => {
  const { ask, requests, stopAll, begun, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const gone = await ask('true # gone')
  requests.delete('true # gone')
  await ask('true # b')
  await stopAll()
  await until('the next one', () => begun.includes('true # b'))
  t.match(ledger.find(runIdOf(gone)), { outcome: 'failed_to_start', cause: 'its workspace is gone' })
  if (gone.kind === 'waiting') await t.rejects(gone.done, { code: 'LOOPER_WORKSPACE_INVALID' })
})

t.test('a stranger in the default slot is waited for', async (t) => {
  const { heart, ask, begun, waiting } = setUp(t)
  const left = await heart.leftBy('exec sleep 300')
  t.match(await ask('true # a'), { kind: 'waiting' })
  await until('it waits', () => waiting().length === 1)
  process.kill(left.agent.pid, 'SIGKILL')
  await until('it began', () => begun.includes('true # a'))
})

t.test('one is called off while it is prepared', async (t) => {
  const { heart, life, ledger, requestFor } = setUp(t)
  await life.close()
  const runs = createRuns({ ...heart.deps, ledger })
  t.teardown(() => runs.close())
  const request = requestFor('true # a')
  await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))
  const waiting = await runs.start(request)
  await runs.stop(runs.live()[0]?.runId ?? '', 'enough')
  const turn = await runs.next('default', async ({ runId }) => {
    await runs.stop(runId, 'enough')
    return request
  })
  t.equal(turn.kind, 'ended')
  t.match(ledger.find(runIdOf(waiting)), { outcome: 'stopped' })
  t.match(await runs.next('default', async () => request), { kind: 'none' })
  t.same(carriers(heart.mark), [])
})

t.test('who waits hears that its agent ended at once, and the next one begins', async (t) => {
  const { ask, stopAll, ledger } = setUp(t)
  await ask('sleep 300 # first')
  const early = await ask('exit 3', {}, { startupCheckMs: 60_000 })
  const next = await ask('true # next')
  if (early.kind !== 'waiting') throw new Error('it does not wait')
  const refused = t.rejects(early.done, { code: 'LOOPER_AGENT_EXITED_EARLY' })
  await stopAll()
  await refused
  await until('the next one', () => ledger.find(runIdOf(next))?.outcome === 'exited')
})

t.test('what is in the way only now does not end what waits', async (t) => {
  const { heart, life, ledger, requestFor } = setUp(t)
  await life.close()
  const { place } = heart.deps
  let isHidden = false
  const hiding = {
    ...place,
    runs: () => {
      const hides = isHidden
      isHidden = false
      return hides ? [] : place.runs()
    },
  }
  const runs = createRuns({ ...heart.deps, ledger, place: hiding })
  t.teardown(() => runs.close())
  const left = await heart.leftBy('exec sleep 300')
  const request = requestFor('true # a')
  t.match(await runs.start(request), { kind: 'waiting' })
  isHidden = true
  t.match(await runs.next('default', async () => request), { kind: 'live' }, 'it came while that looked')
  process.kill(left.agent.pid, 'SIGKILL')
  await until('it is gone', async () => (await runs.occupation()).agents.length === 0)
  const full = async () => Promise.reject(new LooperError('LOOPER_DISK_FULL', 'full'))
  t.match(await runs.next('default', full), { kind: 'later', why: 'full' })
  await runs.handOver()
  t.match(await runs.next('default', full), { kind: 'later', why: 'the service is restarting' })
  t.equal(ledger.waitingIn('default', 9).length, 1)
})

t.test('a queue that cannot read its record tries again', async (t) => {
  const { heart, life } = setUp(t)
  const closing = new AbortController()
  let looks = 0
  const ledger = {
    waitingSlots() {
      if (++looks === 1) throw new Error('locked')
      if (looks === 4) closing.abort()
      return [{ slot: 'default', count: 1 }]
    },
  }
  const { clock, logger } = heart.deps
  const next = async () => ({ kind: 'later', why: 'no room' }) as const
  const runs = { ...life.runs, next, changed: () => new Promise<void>(() => undefined) }
  const prepare = async () => Promise.reject(new Error('never'))
  await workQueue(
    { runs, ledger, prepare, clock: { ...clock, sleep: async () => undefined }, logger },
    closing.signal,
  )
  t.match(heart.eventsOf('queue.fail'), [{ error: 'locked' }])
  t.match(heart.eventsOf('queue.wait'), [{ slot: 'default', error: 'no room' }], 'it is told once')
})
