import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { planOf } from '../../src/runs/plan.ts'
import { createRuns, type Runs } from '../../src/runs/runs.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const WAIT = 'until [ -e go ]; do sleep 0.02; done'
const TOO_MUCH = Number.MAX_SAFE_INTEGER

t.test('a run is on the record from before its notice to its end, step by step', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  await runs.adopt()
  const first = await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))
  // A signal that comes while the agent's shell begins is not yet its own to end at.
  await until('its tool', () => carriers(`LOOPER_RUN_ID=${first.run?.runId}`).length === 2)
  const before = heart.ledger.list({ limit: 1 })[0]
  const second = await runOn(
    runs,
    heart.requestOf(heart.launchOf(WAIT, { timeoutMs: 60_000 }), {
      async notify() {
        t.match(heart.ledger.list({ limit: 1 }), [{ timeoutMs: 60_000, announcedAt: null, outcome: null }])
        t.match(heart.ledger.find(String(before?.runId)), { outcome: null }, 'the old one still lives')
        return { output: 'told them', messageId: 42 }
      },
    }),
  )
  const record = heart.ledger.find(String(second.run?.runId))
  t.match(record, {
    runId: second.run?.runId,
    notice: 'told them',
    noticeId: 42,
    noticeText: 'a run',
    stoppedPids: [first.run?.agent.pid],
    agentIdentity: second.run?.agent,
    outcome: null,
  })
  const times = [record?.requestedAt, record?.announcedAt, record?.stoppedAt, record?.launchedAt].map(Number)
  t.strictSame([...times].sort(), times, 'in this order')
  t.match(heart.ledger.find(String(first.run?.runId)), {
    outcome: 'replaced',
    returnCode: -2,
    cause: `replaced by run ${second.run?.runId}`,
  })

  await runs.close()
  t.match(heart.ledger.list({ limit: 1 }), [{ outcome: 'stopped', cause: 'the service was shut down' }])
  // Its wrapper has said all, and may still be ending.
  await until('nothing is left', () => carriers(heart.mark).length === 0)
  await t.rejects(runOn(runs, heart.requestOf(null)), { code: 'LOOPER_SHUTTING_DOWN' })
})

t.test('a request to stop only is the cause of the end, and no run on the record', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))
  const { stopped } = await runOn(runs, heart.requestOf(null))
  t.same(stopped, [run?.agent.pid])
  t.match(heart.ledger.list({ limit: 9 }), [{ outcome: 'stopped', cause: 'stopped by request 0a0b0c0d' }])
  t.equal(heart.ledger.list({ limit: 9 }).length, 1)
})

t.test('what keeps a run from starting is its end on the record', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const notify = () => Promise.reject(new Error('no Zulip'))
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'), { notify })), {
    code: 'LOOPER_NOTICE_FAILED',
  })
  t.match(heart.ledger.list({ limit: 1 }), [
    { outcome: 'failed_to_start', cause: 'failed to send Zulip message: no Zulip', launchedAt: null },
  ])
  rmSync(heart.workspace, { recursive: true })
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'))), { code: 'LOOPER_WORKSPACE_INVALID' })
  t.match(heart.ledger.list({ limit: 1 }), [
    { outcome: 'failed_to_start', cause: /^workspace is not a directory/ },
  ])
  t.strictSame(heart.ledger.unfinished(), [])
})

t.test('a run that fails within the startup check is no failure to start', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const request = heart.requestOf(heart.launchOf('exit 3'), { startupCheckMs: 60_000 })
  await t.rejects(runOn(runs, request), { code: 'LOOPER_AGENT_EXITED_EARLY', message: /rc=3/ })
  t.match(heart.ledger.list({ limit: 1 }), [{ outcome: 'exited', returnCode: 3 }])
})

t.test('a run that ends early while it lives on the record is ended by itself', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const running = runOn(runs, heart.requestOf(heart.launchOf(WAIT), { startupCheckMs: 600_000 }))
  await until('the startup check', () => heart.events.some(({ step }) => step === 'startup_check'))
  const closed = runs.close()
  await t.rejects(running, { code: 'LOOPER_SHUTTING_DOWN' })
  await closed
  t.match(heart.ledger.list({ limit: 1 }), [{ outcome: 'stopped', cause: 'the service was shut down' }])
})

/** A heart with a live run, and a check that a refusal did nothing to it. */
async function withLiveRun(test: Parameters<typeof heartOf>[0]) {
  const heart = heartOf(test)
  const runs = createRuns(heart.deps)
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))
  await until('its tool runs', () => carriers(heart.mark).length === 3)
  let notices = 0
  const notify = async () => {
    notices++
    return { output: '', messageId: null }
  }
  const untouched = () => {
    test.equal(notices, 0, 'nothing was announced')
    test.same(carriers(String(run?.runId)).length, 2, 'nothing was stopped')
    test.match(heart.ledger.list({ limit: 9 }), [{ runId: run?.runId, outcome: null }])
    test.equal(heart.ledger.list({ limit: 9 }).length, 1)
  }
  test.teardown(() => runs.close())
  return { heart, notify, untouched, runs }
}

t.test('with too little space nothing is announced or stopped; to stop only needs none', async (t) => {
  const { heart, notify, untouched } = await withLiveRun(t)
  const runs = createRuns({ ...heart.deps, minFreeMb: TOO_MUCH })
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'), { notify })), {
    code: 'LOOPER_DISK_FULL',
  })
  untouched()
  await runOn(runs, heart.requestOf(null, { notify }))
})

t.test('where the ledger cannot be written, nothing is announced or stopped', async (t) => {
  const { heart, notify, untouched, runs } = await withLiveRun(t)
  const other = new DatabaseSync(heart.dbPath)
  other.exec('BEGIN EXCLUSIVE')
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'), { notify })), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
  })
  other.close()
  untouched()
})

t.test('the idle launch happens once, and tells why not', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  t.strictSame(await runs.launchIfIdle('default', async () => null), { kind: 'declined' })
  t.strictSame(heart.ledger.list({ limit: 9 }), [], 'what is declined is no run')

  const launched = await runs.launchIfIdle('default', async () =>
    heart.launchOf(WAIT, { trigger: 'autopoll' }),
  )
  t.match(launched, { kind: 'launched', run: { trigger: 'autopoll' } })
  t.match(heart.ledger.list({ limit: 1 }), [{ trigger: 'autopoll', announcedAt: null, outcome: null }])
  const never = () => Promise.reject(new Error('asked though an agent lives'))
  t.strictSame(await runs.launchIfIdle('default', never), { kind: 'live' })

  writeFileSync(path.join(heart.workspace, 'go'), '')
  await runs.live()[0]?.ended
  const gate = Promise.withResolvers<null>()
  const first = runs.launchIfIdle('default', () => gate.promise)
  t.strictSame(await runs.launchIfIdle('default', never), { kind: 'busy' })
  gate.resolve(null)
  t.strictSame(await first, { kind: 'declined' })

  const full = createRuns({ ...heart.deps, minFreeMb: TOO_MUCH })
  await t.rejects(
    full.launchIfIdle('default', async () => heart.launchOf('true')),
    { code: 'LOOPER_DISK_FULL' },
  )
  t.equal(heart.ledger.list({ limit: 9 }).length, 1)
})

t.test('an idle launch under way can be stopped', async (t) => {
  const heart = heartOf(t)
  const stops: Promise<unknown>[] = []
  const runs: Runs = createRuns({
    ...heart.deps,
    recheck() {
      const { runId, step } = runs.slots()[0]?.occupant ?? {}
      t.equal(step, 'launch')
      stops.push(runs.stop(String(runId), 'somebody asked'))
    },
  })
  const launched = await runs.launchIfIdle('default', async () =>
    heart.launchOf(WAIT, { trigger: 'autopoll' }),
  )
  t.equal(launched.kind, 'launched')
  t.match(await Promise.all(stops), [{ survivors: [] }])
  t.match(heart.ledger.list({ limit: 9 }), [{ outcome: 'stopped', cause: 'somebody asked' }])
  t.equal(runs.slots()[0]?.occupant, null)
})

t.test('launches wait for adoption, and an adopted run is replaced like any other', async (t) => {
  const heart = heartOf(t)
  const left = await heart.leftBy('exec sleep 300')
  const runs = createRuns(heart.deps)
  const adopted = runs.adopt()
  const { stopped } = await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))
  await adopted
  t.same(stopped, [left.agent.pid])
  t.match(heart.ledger.find(left.runId), { outcome: 'replaced', returnCode: -2 })
  await runs.close()
})

t.test('an adoption that fails is told, and the service works on', async (t) => {
  const heart = heartOf(t)
  const unfinished = () => {
    throw new Error('no ledger')
  }
  const runs = createRuns({ ...heart.deps, ledger: { ...heart.ledger, unfinished } })
  await runs.adopt()
  t.match(heart.eventsOf('run.adopt.fail'), [{ error: 'no ledger' }])
  t.ok((await runOn(runs, heart.requestOf(heart.launchOf('sleep 300')))).run)
  await runs.close()
})

t.test('one run is stopped with all that belongs to it, and the answer says what was', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('setsid sleep 300 & sleep 300')))
  await until('its tools run', () => carriers(heart.mark).length === 4)
  const report = await runs.stop(String(run?.runId), 'stopped by somebody')
  t.ok(run && report?.signalled.includes(run.agent.pid))
  t.same(report?.survivors, [])
  t.same(carriers(heart.mark), [])
  t.match(heart.ledger.list({ limit: 1 }), [{ outcome: 'stopped', cause: 'stopped by somebody' }])
  t.equal(await runs.stop(String(run?.runId), 'again'), null, 'it has ended')
  t.equal(await runs.stop('nobody', 'x'), null)
})

t.test(
  'a run that waits for its notice is called off: the old one stays, and nothing is launched',
  async (t) => {
    const { heart, runs } = await withLiveRun(t)
    const told = Promise.withResolvers<void>()
    const asked = runOn(
      runs,
      heart.requestOf(heart.launchOf('true'), {
        async notify(_message, signal) {
          told.resolve()
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')))
          })
          return { output: '', messageId: null }
        },
      }),
    )
    const refused = t.rejects(asked, {
      code: 'LOOPER_RUN_CANCELLED',
      message: 'the run was called off: stopped by me',
    })
    await told.promise
    const occupant = runs.slots()[0]?.occupant
    t.match(occupant, { requestId: '00000002', step: 'notice' })
    t.match(await runs.occupation(), { obstacle: 'busy' })
    t.same(await runs.stop(String(occupant?.runId), 'stopped by me'), { signalled: [], survivors: [] })
    await refused
    t.equal(runs.slots()[0]?.occupant, null)
    const [waiting, old] = heart.ledger.list({ limit: 9 })
    t.match(waiting, { outcome: 'stopped', cause: /stopped by me/, launchedAt: null })
    t.match(old, { outcome: null })
  },
)

t.test('a run that waits out its delay is called off', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const asked = runOn(runs, heart.requestOf(heart.launchOf('true'), { delayMs: 600_000 }))
  const refused = t.rejects(asked, { code: 'LOOPER_RUN_CANCELLED' })
  await until('the delay', () => runs.slots()[0]?.occupant?.step === 'delay')
  t.ok(await runs.stop(String(runs.slots()[0]?.occupant?.runId), 'x'))
  await refused
  t.match(heart.ledger.list({ limit: 9 }), [{ outcome: 'stopped', launchedAt: null }])
})

t.test('who asked for a run that is stopped in its startup check hears that it was stopped', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const asked = runOn(runs, heart.requestOf(heart.launchOf('sleep 300'), { startupCheckMs: 600_000 }))
  const refused = t.rejects(asked, { code: 'LOOPER_RUN_CANCELLED' })
  await until('the startup check', () => runs.slots()[0]?.occupant?.step === 'startup_check')
  await runs.stop(String(runs.slots()[0]?.occupant?.runId), 'x')
  await refused
  t.match(heart.ledger.list({ limit: 9 }), [{ outcome: 'stopped', cause: 'x' }])
  t.same(carriers(heart.mark), [])
})

t.test('a run that is called off while it is launched is stopped, not forgotten', async (t) => {
  const heart = heartOf(t)
  const launching = Promise.withResolvers<void>()
  const ledger = {
    ...heart.ledger,
    step(...[runId, progress]: Parameters<typeof heart.ledger.step>) {
      heart.ledger.step(runId, progress)
      if (progress.logPath) launching.resolve()
    },
  }
  const runs = createRuns({ ...heart.deps, ledger })
  const asked = runOn(runs, heart.requestOf(heart.launchOf('sleep 300'), { startupCheckMs: null }))
  await launching.promise
  const report = await runs.stop(String(runs.slots()[0]?.occupant?.runId), 'x')
  t.ok(report && report.signalled.length > 0)
  await asked
  t.match(heart.ledger.list({ limit: 9 }), [{ outcome: 'stopped', cause: 'x' }])
  t.same(carriers(heart.mark), [])
})

t.test('who wants to be skipped is, while an agent lives or another launch is under way', async (t) => {
  const { heart, notify, untouched, runs } = await withLiveRun(t)
  const skipping = () => heart.requestOf(heart.launchOf('true'), { notify, ifRunning: 'skip' })
  t.same(await runs.start(skipping()), { kind: 'skipped', obstacle: 'live' })
  untouched()
  await runs.stop(String(runs.live()[0]?.runId), 'x')
  const waiting = runOn(runs, heart.requestOf(heart.launchOf(WAIT), { delayMs: 600_000 }))
  const refused = t.rejects(waiting, { code: 'LOOPER_RUN_CANCELLED' })
  await until('the delay', () => runs.slots()[0]?.occupant?.step === 'delay')
  t.same(await runs.start(skipping()), { kind: 'skipped', obstacle: 'busy' })
  t.match(await runs.plan(skipping()), { would: 'skip' })
  t.match(await runs.plan(heart.requestOf(heart.launchOf('true'))), { would: 'busy' })
  await runs.stop(String(runs.slots()[0]?.occupant?.runId), 'x')
  await refused
  t.ok((await runOn(runs, skipping())).run, 'where nothing runs it is launched')
})

t.test('a search that fails gives the slot back', async (t) => {
  const heart = heartOf(t)
  let isBroken = true
  const table = {
    ...heart.deps.table,
    inspect: (pid: number) => {
      if (isBroken) throw new Error('no table')
      return heart.deps.table.inspect(pid)
    },
  }
  const runs = createRuns({ ...heart.deps, table })
  await t.rejects(runs.start(heart.requestOf(null, { ifRunning: 'skip' })), { message: 'no table' })
  isBroken = false
  t.match(await runs.occupation(), { obstacle: null, agents: [] })
})

t.test('a plan tells what would be announced, stopped and launched, and does nothing', async (t) => {
  const { heart, notify, untouched, runs } = await withLiveRun(t)
  const [live] = runs.live()
  const plan = await runs.plan(heart.requestOf(heart.launchOf('echo it'), { notify, delayMs: 5 }))
  t.match(plan, {
    would: 'run',
    notice: { message: 'a run', route: 'nowhere' },
    stop: [
      {
        pid: live?.agent.pid,
        runId: live?.runId,
        name: 'a run',
        ageSeconds: Number,
        command: /codex.* -- 'sleep 300'$/,
      },
    ],
    launch: { prompt: 'echo it', delayMs: 5, workspace: heart.workspace },
  })
  t.match(plan.launch?.argv.slice(-3), [
    'shell_environment_policy.set.LOOPER_RUN_ID=<run_id>',
    '--',
    'echo it',
  ])
  const isolated = await runs.plan(heart.requestOf(heart.launchOf('it', { isolation: { earlier: null } })))
  t.ok(isolated.launch?.argv.includes('<worktree>'), 'its work tree is still to be made')
  t.match(await runs.plan(heart.requestOf(null)), { would: 'stop_only', launch: null })
  const deps = { ...heart.deps, table: { ...heart.deps.table, inspect: async () => null } }
  const FREE = { hasNoRoom: false, isHeld: false }
  t.match(await planOf(heart.requestOf(null), runs.live(), await runs.occupation(), FREE, deps), {
    stop: [{ pid: live?.agent.pid, ageSeconds: null }],
  })
  const full = createRuns({ ...heart.deps, minFreeMb: TOO_MUCH })
  await t.rejects(full.plan(heart.requestOf(heart.launchOf('true'))), { code: 'LOOPER_DISK_FULL' })
  untouched()
})

t.test('a plan names an agent that an earlier life left, and skips for it', async (t) => {
  const heart = heartOf(t)
  const left = await heart.leftBy('exec sleep 300')
  // While a program takes the place of another one, nobody can say what it is.
  const commands = async () => [...(await heart.deps.table.commands())]
  await until('it sleeps', async () =>
    (await commands()).some(({ pid, argv }) => pid === left.agent.pid && argv[0] === 'sleep'),
  )
  // Nothing is taken up here: all that is known of it is its state file.
  const runs = createRuns(heart.deps)
  const plan = await runs.plan(heart.requestOf(heart.launchOf('true'), { ifRunning: 'skip' }))
  t.match(plan, {
    would: 'skip',
    stop: [{ pid: left.agent.pid, runId: null, name: null, ageSeconds: Number }],
  })
  await runOn(runs, heart.requestOf(null))
  t.notOk(await heart.deps.table.isAlive(left.agent))
  // Nobody follows its wrapper, which writes the trailer yet.
  await until('nothing is left', () => carriers(heart.mark).length === 0)
})
