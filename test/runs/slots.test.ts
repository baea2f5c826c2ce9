import { mkdirSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { RunRequest } from '../../src/runs/run.ts'
import { createRuns, type RunsDeps } from '../../src/runs/runs.ts'
import { createSlots } from '../../src/runs/slots.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

/** A heart, and requests for runs in slots; each slot has a workspace of its own, unless told otherwise. */
function setUp(test: Test, more: Partial<RunsDeps> = {}) {
  const heart = heartOf(test, more)
  const runs = createRuns(heart.deps)
  test.teardown(() => runs.close())
  const launchIn = (slot: string, prompt = 'sleep 300', changes = {}) => {
    const workspace = path.join(heart.dir, slot)
    mkdirSync(workspace, { recursive: true })
    return heart.launchOf(prompt, { slot, workspace, ...changes })
  }
  const ask = (slot: string, prompt?: string, changes = {}) =>
    runOn(runs, heart.requestOf(launchIn(slot, prompt, changes)))
  const slotsLive = () => runs.live().map(({ slot }) => slot)
  return { heart, runs, launchIn, ask, slotsLive }
}

/** A notice that is on its way until it is let. */
function slowNotice() {
  const sent = Promise.withResolvers<{ output: string; messageId: null }>()
  const notify: RunRequest['notify'] = () => sent.promise
  return { notify, send: () => sent.resolve({ output: '', messageId: null }) }
}

t.test('each slot has its run, and a new one replaces that of its own slot alone', async (t) => {
  const { heart, runs, ask, slotsLive } = setUp(t)
  const [a, b] = [await ask('a'), await ask('b')]
  t.same(slotsLive().toSorted(), ['a', 'b'])
  const next = await ask('a')
  t.same(next.stopped, [a.run?.agent.pid])
  t.match(heart.ledger.find(String(a.run?.runId)), { outcome: 'replaced', slot: 'a' })
  t.match(heart.ledger.find(String(b.run?.runId)), { outcome: null, slot: 'b' })
  t.same(await runs.occupation('b'), { obstacle: 'live', agents: [b.run?.agent.pid] })
  t.same(await runs.occupation(), { obstacle: null, agents: [] })

  const stopped = await runOn(runs, heart.requestOf(null, { slot: 'b' }))
  t.same(stopped.stopped, [b.run?.agent.pid])
  t.same(slotsLive(), ['a'])
  await runs.close()
  t.same(carriers(heart.mark), [])
})

t.test('launches in two slots do not wait for each other', async (t) => {
  const { heart, runs, launchIn, ask } = setUp(t)
  const { notify, send } = slowNotice()
  const first = await runs.start(heart.requestOf(launchIn('a'), { notify }))
  t.equal(first.kind, 'started')
  t.ok((await ask('b')).run)
  await t.rejects(ask('a'), { code: 'LOOPER_BUSY' })
  t.match(runs.slots(), [
    { slot: 'default', taken: false, live: [] },
    { slot: 'b', taken: false, live: [{ slot: 'b' }] },
    { slot: 'a', taken: true, occupant: { step: 'notice' }, live: [] },
  ])
  send()
  t.ok(first.kind === 'started' && (await first.done).run)
})

t.test('what is being launched in one slot is nobody left over for another', async (t) => {
  const { heart, runs, ask, launchIn } = setUp(t)
  const { launch } = heart.deps.place
  const spawned = Promise.withResolvers<void>()
  const noted = Promise.withResolvers<void>()
  heart.deps.place.launch = async (spec) => {
    const launched = await launch(spec)
    spawned.resolve()
    // The agent is there, and nobody knows yet that it is.
    if (spec.workspace.endsWith('/a')) await noted.promise
    return launched
  }
  const first = await runs.start(heart.requestOf(launchIn('a', 'sleep 300')))
  await spawned.promise
  t.ok((await ask('b', 'sleep 300')).run)
  noted.resolve()
  if (first.kind !== 'started') throw new Error('it was skipped')
  const { run } = await first.done
  t.match(heart.deps.place.wordOf(String(run?.runId)).agent, { pid: run?.agent.pid }, 'its word is kept')
  t.match(heart.ledger.find(String(run?.runId)), { outcome: null })
  t.equal(await heart.deps.table.isAlive(run?.agent ?? { bootId: '', pid: 0, start: '' }), true)
})

t.test('a launch counts from its beginning on: for workspaces and for how many there may be', async (t) => {
  const { heart, runs, launchIn, ask } = setUp(t, { maxRuns: 2 })
  const { notify, send } = slowNotice()
  const first = await runs.start(heart.requestOf(launchIn('a'), { notify }))
  const { workspace } = launchIn('a')
  await t.rejects(ask('b', 'true', { workspace }), { code: 'LOOPER_WORKSPACE_BUSY' })
  t.same(heart.ledger.list({ limit: 9 }).length, 1, 'what is refused is not on the record')
  t.ok((await ask('b')).run)
  await t.rejects(ask('c'), { code: 'LOOPER_MAX_RUNS' })
  await t.rejects(runs.plan(heart.requestOf(launchIn('c'))), { code: 'LOOPER_MAX_RUNS' })
  send()
  t.ok(first.kind === 'started' && (await first.done).run)
  t.ok((await ask('b')).run, 'it replaces its own')
  await t.rejects(ask('c'), { code: 'LOOPER_MAX_RUNS' })
  t.equal(runs.live().length, 2)
  await runOn(runs, heart.requestOf(null, { slot: 'a' }))
  t.ok((await ask('c')).run)
})

t.test('runs that share their workspace may live in it side by side', async (t) => {
  const { heart, ask, slotsLive } = setUp(t)
  const shared = { workspace: heart.workspace, sharesWorkspace: true }
  await ask('a', 'sleep 300', shared)
  await ask('b', 'sleep 300', shared)
  await t.rejects(ask('c', 'true', { ...shared, sharesWorkspace: false }), { code: 'LOOPER_WORKSPACE_BUSY' })
  t.same(slotsLive(), ['a', 'b'])
  t.match(heart.ledger.list({ limit: 1, slot: 'a' }), [{ sharesWorkspace: true }])
})

t.test('what waits is looked at when its turn comes', async (t) => {
  const { heart, runs, launchIn, ask } = setUp(t)
  const { notify, send } = slowNotice()
  await runs.start(heart.requestOf(launchIn('a'), { notify }))
  const { workspace } = launchIn('b')
  const waiting = await runs.start(heart.requestOf(launchIn('a', 'true', { workspace })), 'wait')
  t.match(runs.slots()[1], { slot: 'a', waiting: { runId: String } })
  t.ok((await ask('b')).run, 'nobody has the workspace yet')
  send()
  if (waiting.kind === 'started') await t.rejects(waiting.done, { code: 'LOOPER_WORKSPACE_BUSY' })
  t.match(heart.ledger.list({ limit: 1, slot: 'a', outcomes: ['failed_to_start'] }), [
    { cause: /works in/, remedy: /share_workspace/ },
  ])
})

t.test('the idle launch looks at its own slot, and says where there is no room', async (t) => {
  const { heart, runs, launchIn, ask } = setUp(t, { maxRuns: 1 })
  await ask('b')
  const idle = await runs.launchIfIdle('a', async () => launchIn('a'))
  t.match(idle, { kind: 'no_room', why: { code: 'LOOPER_MAX_RUNS' } })
  await runOn(runs, heart.requestOf(null, { slot: 'b' }))
  t.match(await runs.launchIfIdle('a', async () => launchIn('a')), { kind: 'launched', run: { slot: 'a' } })
  t.match(await runs.launchIfIdle('a', async () => launchIn('a')), { kind: 'live' })
})

t.test('any run is stopped by its id, also one that waits or is being launched', async (t) => {
  const { heart, runs, launchIn, ask } = setUp(t)
  const [a, b] = [await ask('a'), await ask('b')]
  t.ok(await runs.stop(String(a.run?.runId), 'enough'))
  t.match(heart.ledger.find(String(a.run?.runId)), { outcome: 'stopped', cause: 'enough' })
  t.match(heart.ledger.find(String(b.run?.runId)), { outcome: null })
  const { notify } = slowNotice()
  const begun = await runs.start(
    heart.requestOf(launchIn('c'), { notify: (_, signal) => aborted(signal, notify) }),
  )
  const next = await runs.start(heart.requestOf(launchIn('c')), 'wait')
  for (const started of [next, begun]) {
    if (started.kind !== 'started') throw new Error('it was skipped')
    started.done.catch(() => undefined)
    t.ok(await runs.stop(String(started.runId), 'enough'))
    t.match(heart.ledger.find(String(started.runId)), { outcome: 'stopped' })
  }
  t.match(heart.ledger.find(String(b.run?.runId)), { outcome: null })
})

/** A notice that fails as soon as nobody waits for it. */
function aborted(signal: AbortSignal, notify: RunRequest['notify']) {
  const gone = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  )
  return Promise.race([notify('', signal, null), gone])
}

t.test('a later life of the service finds each run in its slot', async (t) => {
  const { heart, runs, ask } = setUp(t)
  const left = await heart.leftBy('sleep 300', undefined, { slot: 'b', sharesWorkspace: true })
  await runs.adopt()
  t.match(runs.slots(), [
    { slot: 'default', live: [] },
    { slot: 'b', live: [{ runId: left.runId }] },
  ])
  await t.rejects(ask('a', 'true', { workspace: heart.workspace }), { code: 'LOOPER_WORKSPACE_BUSY' })
  await ask('default')
  t.same(heart.ledger.find(left.runId)?.outcome, null)
  const next = await ask('b')
  t.same(next.stopped, [left.agent.pid])
  await until('its end', () => heart.ledger.find(left.runId)?.outcome === 'replaced')
})

t.test('slots that nobody holds are forgotten', async (t) => {
  const slots = createSlots()
  const release = slots.named('held').take()
  for (let i = 0; i < 1000; i++) slots.named(`slot-${i}`)
  t.same(
    slots.taken().map(([name]) => name),
    ['held'],
  )
  const free = slots.free()
  release?.()
  await free
  t.same(slots.states([]), [{ slot: 'default', occupant: null, waiting: null, taken: false, live: [] }])
})
