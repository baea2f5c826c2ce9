import t, { type Test } from 'tap'
import type { RunsDeps } from '../../src/runs/runs.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'

/** A heart whose slot is held by a launch that announces for as long as it is told to. */
async function whileBusy(test: Test, more: Partial<RunsDeps> = {}) {
  const heart = heartOf(test, more)
  const runs = createRuns(heart.deps)
  test.teardown(() => runs.close())
  const announced = Promise.withResolvers<void>()
  const notify = async (_message: string, signal: AbortSignal) => {
    signal.addEventListener('abort', () => announced.reject(new Error('aborted')))
    await announced.promise
    return { output: '', messageId: null }
  }
  const first = await start(heart.requestOf(heart.launchOf('sleep 300; echo first'), { notify }))

  async function start(request: Parameters<typeof runs.start>[0], whenBusy?: 'wait') {
    const started = await runs.start(request, whenBusy)
    if (started.kind === 'skipped') throw new Error('it was skipped')
    started.done.catch(() => undefined)
    return started
  }
  const ask = (prompt: string | null) =>
    start(heart.requestOf(prompt === null ? null : heart.launchOf(prompt)), 'wait')
  const recordOf = (runId: string | null) => heart.ledger.find(String(runId))
  return { heart, runs, first, ask, recordOf, announce: () => announced.resolve() }
}

t.test('what waits is on the record, and is launched as soon as the slot is free', async (t) => {
  const { heart, runs, first, ask, recordOf, announce } = await whileBusy(t)
  const next = await ask('sleep 300; echo next')
  t.match(recordOf(next.runId), { outcome: null, announcedAt: null })
  t.match(heart.eventsOf('run.step').at(-1), { step: 'wait' })
  await t.rejects(runs.start(heart.requestOf(heart.launchOf('true'))), { code: 'LOOPER_BUSY' })
  announce()
  t.ok((await first.done).run)
  const { run } = await next.done
  t.equal(run?.runId, next.runId)
  t.match(recordOf(first.runId), { outcome: 'replaced', cause: `replaced by run ${next.runId}` })
  t.strictSame(
    runs.live().map(({ runId }) => runId),
    [next.runId],
  )
})

t.test('the newest waits; the one before it is told on the record, and was never announced', async (t) => {
  const { runs, ask, recordOf, announce } = await whileBusy(t)
  const one = await ask('sleep 300; echo one')
  const two = await ask(null)
  const three = await ask('sleep 300; echo three')
  await t.rejects(one.done, { code: 'LOOPER_BUSY' })
  await t.rejects(two.done, { code: 'LOOPER_BUSY' })
  t.match(recordOf(one.runId), {
    outcome: 'failed_to_start',
    cause: /^request \w+ took its place while it waited$/,
    announcedAt: null,
  })
  announce()
  t.equal((await three.done).run?.runId, three.runId)
  t.equal(runs.slots()[0]?.taken, false)
})

t.test('what only stops waits, too', async (t) => {
  const { heart, first, ask, recordOf, announce } = await whileBusy(t)
  const stop = await ask(null)
  t.equal(stop.runId, null)
  announce()
  await stop.done
  t.match(recordOf(first.runId), { outcome: 'stopped' })
  t.same(carriers(heart.mark), [])
})

t.test('a run that waits can be called off, alone', async (t) => {
  const { runs, first, ask, recordOf, announce } = await whileBusy(t)
  const next = await ask('sleep 300; echo next')
  t.same(await runs.stop(String(next.runId), 'stopped by me'), { signalled: [], survivors: [] })
  await t.rejects(next.done, { code: 'LOOPER_RUN_CANCELLED' })
  t.match(recordOf(next.runId), { outcome: 'stopped', cause: 'the run was called off: stopped by me' })
  announce()
  t.ok((await first.done).run)
  t.match(recordOf(first.runId), { outcome: null })
})

t.test('who calls off the launch under way does not wait for the next one', async (t) => {
  const { runs, first, ask, recordOf } = await whileBusy(t)
  const next = await ask('sleep 300; echo next')
  t.same(await runs.stop(String(first.runId), 'stopped by me'), { signalled: [], survivors: [] })
  t.match(recordOf(first.runId), { outcome: 'stopped' })
  t.equal((await next.done).run?.runId, next.runId)
})

t.test('a shutdown calls off what waits, and that is on the record before anything closes', async (t) => {
  const { runs, ask, recordOf } = await whileBusy(t)
  const next = await ask('true')
  await runs.close()
  t.match(recordOf(next.runId), { outcome: 'failed_to_start', cause: /^the service is shutting down/ })
  await t.rejects(next.done, { code: 'LOOPER_SHUTTING_DOWN' })
})

t.test('a hand-over launches what waits', async (t) => {
  const { heart, runs, ask, announce } = await whileBusy(t)
  const next = await ask('sleep 300; echo next')
  const handedOver = runs.handOver()
  await t.rejects(runs.start(heart.requestOf(null), 'wait'), { code: 'LOOPER_SHUTTING_DOWN' })
  announce()
  await handedOver
  t.strictSame(
    runs.live().map(({ runId }) => runId),
    [next.runId],
  )
})

t.test('what cannot be put on the record does not wait', async (t) => {
  const { heart, runs, first, announce } = await whileBusy(t)
  const { begin } = heart.ledger
  heart.deps.ledger.begin = () => {
    throw new Error('full')
  }
  await t.rejects(runs.start(heart.requestOf(heart.launchOf('true')), 'wait'), { message: 'full' })
  heart.deps.ledger.begin = begin
  announce()
  t.ok((await first.done).run)
  await until('the slot is free', () => !runs.slots()[0]?.taken)
})

t.test('who asked for a run that a shutdown ends in its startup check hears which one', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const started = await runs.start(heart.requestOf(heart.launchOf('sleep 300'), { startupCheckMs: 600_000 }))
  if (started.kind === 'skipped') return t.fail('it was skipped')
  const refused = t.rejects(started.done, {
    code: 'LOOPER_SHUTTING_DOWN',
    message: `the service is shutting down, and run ${started.runId} with it`,
  })
  await until('the startup check', () => runs.slots()[0]?.occupant?.step === 'startup_check')
  await runs.close()
  await refused
  t.match(heart.ledger.find(String(started.runId)), { outcome: 'stopped' })
})
