import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { createRuns } from '../../src/runs/runs.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
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
  const first = await runs.run(heart.requestOf(heart.launchOf('sleep 300')))
  const before = heart.ledger.list(1)[0]
  const second = await runs.run(
    heart.requestOf(heart.launchOf(WAIT, { timeoutMs: 60_000 }), {
      async notify() {
        t.match(heart.ledger.list(1), [{ prompt: WAIT, timeoutMs: 60_000, announcedAt: null, outcome: null }])
        t.match(heart.ledger.find(String(before?.runId)), { outcome: null }, 'the old one still lives')
        return { output: 'told them', messageId: 42 }
      },
    }),
  )
  const record = heart.ledger.list(1)[0]
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
  t.match(heart.ledger.list(1), [{ outcome: 'stopped', cause: 'the service was shut down' }])
  t.same(carriers(heart.mark), [])
  await t.rejects(runs.run(heart.requestOf(null)), { code: 'LOOPER_SHUTTING_DOWN' })
})

t.test('a request to stop only is the cause of the end, and no run on the record', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const { run } = await runs.run(heart.requestOf(heart.launchOf('sleep 300')))
  const { stopped } = await runs.run(heart.requestOf(null))
  t.same(stopped, [run?.agent.pid])
  t.match(heart.ledger.list(9), [{ outcome: 'stopped', cause: 'stopped by request 0a0b0c0d' }])
  t.equal(heart.ledger.list(9).length, 1)
})

t.test('what keeps a run from starting is its end on the record', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const notify = () => Promise.reject(new Error('no Zulip'))
  await t.rejects(runs.run(heart.requestOf(heart.launchOf('true'), { notify })), {
    code: 'LOOPER_NOTICE_FAILED',
  })
  t.match(heart.ledger.list(1), [
    { outcome: 'failed_to_start', cause: 'failed to send Zulip message: no Zulip', launchedAt: null },
  ])
  rmSync(heart.workspace, { recursive: true })
  await t.rejects(runs.run(heart.requestOf(heart.launchOf('true'))), { code: 'LOOPER_WORKSPACE_INVALID' })
  t.match(heart.ledger.list(1), [{ outcome: 'failed_to_start', cause: /^workspace is not a directory/ }])
  t.strictSame(heart.ledger.unfinished(), [])
})

t.test('a run that fails within the startup check is no failure to start', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const request = heart.requestOf(heart.launchOf('exit 3'), { startupCheckMs: 60_000 })
  await t.rejects(runs.run(request), { code: 'LOOPER_AGENT_EXITED_EARLY', message: /rc=3/ })
  t.match(heart.ledger.list(1), [{ outcome: 'exited', returnCode: 3 }])
})

t.test('a run that ends early while it lives on the record is ended by itself', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const running = runs.run(heart.requestOf(heart.launchOf(WAIT), { startupCheckMs: 600_000 }))
  await until('the startup check', () => heart.events.some(({ step }) => step === 'startup_check'))
  const closed = runs.close()
  await t.rejects(running, { code: 'LOOPER_SHUTTING_DOWN' })
  await closed
  t.match(heart.ledger.list(1), [{ outcome: 'stopped', cause: 'the service was shut down' }])
})

/** A heart with a live run, and a check that a refusal did nothing to it. */
async function withLiveRun(test: Parameters<typeof heartOf>[0]) {
  const heart = heartOf(test)
  const runs = createRuns(heart.deps)
  const { run } = await runs.run(heart.requestOf(heart.launchOf('sleep 300')))
  await until('its tool runs', () => carriers(heart.mark).length === 3)
  let notices = 0
  const notify = async () => {
    notices++
    return { output: '', messageId: null }
  }
  const untouched = () => {
    test.equal(notices, 0, 'nothing was announced')
    test.same(carriers(String(run?.runId)).length, 2, 'nothing was stopped')
    test.match(heart.ledger.list(9), [{ runId: run?.runId, outcome: null }])
    test.equal(heart.ledger.list(9).length, 1)
  }
  test.teardown(() => runs.close())
  return { heart, notify, untouched, runs }
}

t.test('with too little space nothing is announced or stopped; to stop only needs none', async (t) => {
  const { heart, notify, untouched } = await withLiveRun(t)
  const runs = createRuns({ ...heart.deps, minFreeMb: TOO_MUCH })
  await t.rejects(runs.run(heart.requestOf(heart.launchOf('true'), { notify })), { code: 'LOOPER_DISK_FULL' })
  untouched()
  await runs.run(heart.requestOf(null, { notify }))
})

t.test('where the ledger cannot be written, nothing is announced or stopped', async (t) => {
  const { heart, notify, untouched, runs } = await withLiveRun(t)
  const other = new DatabaseSync(heart.dbPath)
  other.exec('BEGIN EXCLUSIVE')
  await t.rejects(runs.run(heart.requestOf(heart.launchOf('true'), { notify })), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
  })
  other.close()
  untouched()
})

t.test('the idle launch happens once, and tells why not', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  t.strictSame(await runs.launchIfIdle(async () => null), { kind: 'declined' })
  t.strictSame(heart.ledger.list(9), [], 'what is declined is no run')

  const launched = await runs.launchIfIdle(async () => heart.launchOf(WAIT, { trigger: 'autopoll' }))
  t.match(launched, { kind: 'launched', run: { trigger: 'autopoll' } })
  t.match(heart.ledger.list(1), [{ trigger: 'autopoll', announcedAt: null, outcome: null }])
  const never = () => Promise.reject(new Error('asked though an agent lives'))
  t.strictSame(await runs.launchIfIdle(never), { kind: 'live' })

  writeFileSync(path.join(heart.workspace, 'go'), '')
  await runs.live()[0]?.ended
  const gate = Promise.withResolvers<null>()
  const first = runs.launchIfIdle(() => gate.promise)
  t.strictSame(await runs.launchIfIdle(never), { kind: 'busy' })
  gate.resolve(null)
  t.strictSame(await first, { kind: 'declined' })

  const full = createRuns({ ...heart.deps, minFreeMb: TOO_MUCH })
  await t.rejects(
    full.launchIfIdle(async () => heart.launchOf('true')),
    { code: 'LOOPER_DISK_FULL' },
  )
  t.equal(heart.ledger.list(9).length, 1)
})

t.test('launches wait for adoption, and an adopted run is replaced like any other', async (t) => {
  const heart = heartOf(t)
  const left = await heart.leftBy('sleep 300')
  const runs = createRuns(heart.deps)
  const adopted = runs.adopt()
  const { stopped } = await runs.run(heart.requestOf(heart.launchOf('sleep 300')))
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
  t.ok((await runs.run(heart.requestOf(heart.launchOf('sleep 300')))).run)
  await runs.close()
})
