import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { ownerPart, runPart } from '../../src/processes/mark.ts'
import type { ProcessTable } from '../../src/processes/table.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import { findAgents, runsOf, stopAgents } from '../../src/runs/reset.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { FAKE_CODEX, heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { runOn } from '../helpers/run-on.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

/** It runs a hundred times as fast, so that limits are near. */
const quickClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
}

/** A heart with a live run that behaves as these changes of the table tell, until they are taken back. */
async function withRun(test: Test, changes: (agent: number, table: ProcessTable) => Partial<ProcessTable>) {
  const heart = heartOf(test, { graceMs: 100 })
  const real = heart.deps.table
  const table = { ...real }
  const runs = createRuns({ ...heart.deps, table })
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('exec sleep 300')))
  if (!run) throw new Error('nothing was launched')
  Object.assign(table, changes(run.agent.pid, real))
  return { heart, runs, run, pid: run.agent.pid, heal: () => Object.assign(table, real) }
}

/** It became another user's. */
const closed = (): Partial<ProcessTable> => ({ signal: async () => false, maySignal: () => false })

t.test('nothing is launched beside an agent that cannot be stopped, whoever asks', async (t) => {
  const { heart, runs, run, pid, heal } = await withRun(t, closed)
  const request = () => heart.requestOf(heart.launchOf('exec sleep 300'))
  const cause = `the old agent could not be stopped, so no new one is launched beside it: pid ${pid} (another user's); end it by hand ("sudo kill -9 ${pid}"), then ask again`
  await t.rejects(runOn(runs, request()), { code: 'LOOPER_STOP_FAILED', status: 500, message: cause })
  t.match(heart.ledger.list({ limit: 1 }), [
    { outcome: 'failed_to_start', cause, stoppedPids: [], notice: 'announced', launchedAt: null },
  ])
  t.match(heart.eventsOf('run.stop.survivors'), [{ survivors: [pid] }])
  t.match(await runs.plan(request()), { would: 'blocked', stop: [{ pid, stoppable: false }] })
  t.match(await runs.launchIfIdle('default', () => Promise.reject(new Error('asked'))), { kind: 'live' })
  t.match(await runOn(runs, heart.requestOf(null)), { stopped: [pid], remaining: [pid] })
  t.match(await runs.stop(run.runId, 'asked'), { survivors: [pid] })

  t.same(runs.live(), [run])
  t.match(heart.ledger.find(run.runId), { outcome: null })
  heal()
  process.kill(pid, 'SIGTERM')
  t.match(await run.ended, { outcome: 'signaled', cause: 'ended by signal 15' }, 'nobody of them ended it')
  t.ok((await runOn(runs, request())).run)
  await runs.close()
})

t.test('an agent inside of which the service runs is not launched beside, either', async (t) => {
  const { heart, runs, pid, heal } = await withRun(t, (agent, table) => ({
    inspect: async (asked) => {
      const found = await table.inspect(asked)
      return asked === process.pid && found ? { ...found, parent: agent } : found
    },
  }))
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'))), {
    code: 'LOOPER_STOP_FAILED',
    message: `pid ${pid} (this service runs inside of it)`,
  })
  heal()
  await runs.close()
})

t.test('nor is one that the system hides', async (t) => {
  const { heart, runs, pid, heal } = await withRun(t, () => ({
    processes: async () => [],
    signal: async () => false,
  }))
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'))), {
    code: 'LOOPER_STOP_FAILED',
    message: `beside it: pid ${pid}; end it`,
  })
  heal()
  await runs.close()
})

t.test('nor is one of which nobody can tell whether it is gone', async (t) => {
  const heart = heartOf(t, { clock: quickClock })
  const table = { ...heart.deps.table }
  const runs = createRuns({ ...heart.deps, table })
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('exec sleep 300')))
  table.processes = () => Promise.reject(new Error('EMFILE'))
  await t.rejects(runOn(runs, heart.requestOf(heart.launchOf('true'))), {
    code: 'LOOPER_STOP_FAILED',
    message: 'cannot tell whether the old agent is gone: EMFILE',
  })
  t.same(runs.live(), [run])
  t.match(heart.ledger.find(String(run?.runId)), { outcome: null })
  table.processes = heart.deps.table.processes
  await runs.close()
})

t.test('a stop or a shutdown does not wait for ever for an end that nobody can tell', async (t) => {
  const following = Promise.withResolvers<void>()
  const heart = heartOf(t, { clock: quickClock, mirror: () => following.promise })
  const runs = createRuns(heart.deps)
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('exec sleep 300')))
  if (!run) return t.fail('nothing was launched')
  const refusal = {
    code: 'LOOPER_STOP_FAILED',
    message:
      'cannot tell whether the old agent is gone: what it left behind cannot be looked at; the server log says why',
  }
  await t.rejects(runs.stop(run.runId, 'asked'), refusal)
  await t.rejects(runs.close(), refusal)
  following.resolve()
  await run.ended
  t.match(heart.ledger.find(run.runId), { returnCode: -2 })
})

t.test('a look at the agents that fails for a moment fails neither a request nor a shutdown', async (t) => {
  const heart = heartOf(t)
  const table = { ...heart.deps.table }
  const runs = createRuns({ ...heart.deps, table })
  const { run } = await runOn(runs, heart.requestOf(heart.launchOf('exec sleep 300')))
  const failOnce = () => {
    Object.assign(table, heart.deps.table)
    return Promise.reject(new Error('EMFILE'))
  }
  table.commands = failOnce
  t.match(await runOn(runs, heart.requestOf(heart.launchOf('exec sleep 300'))), { stopped: [run?.agent.pid] })
  table.inspect = failOnce
  await runs.close()
  t.same(carriers(heart.mark), [])
})

t.test('the state of an agent that lives on is kept: it is all that is known of it', async (t) => {
  const heart = heartOf(t, { graceMs: 100 })
  const left = await heart.leftBy('exec sleep 300')
  const deps = { ...heart.deps, table: { ...heart.deps.table, ...closed() } }
  const { pid } = left.agent
  t.match(await stopAgents(deps, await findAgents(deps, runsOf('default', [], []))), {
    agents: [pid],
    remaining: [pid],
  })
  t.same(readdirSync(heart.stateDir), [left.runId])
  t.same((await findAgents(deps, runsOf('default', [], []))).agents, [pid])
})

t.test('an agent that survives behind its launcher remains; a tool is only told', async (t) => {
  const heart = heartOf(t, { graceMs: 100 })
  const { workspace } = heart
  await heart.leftBy(
    `setsid sh '${FAKE_CODEX}' exec 'mkfifo wait; echo $$ >inner; read never <>wait' & setsid sh -c 'echo $$ >tool; exec sleep 300' & wait`,
  )
  const pidIn = (file: string) => Number(textOf(path.join(workspace, file)))
  await until('both', () => pidIn('inner') > 0 && pidIn('tool') > 0)
  const deaf = [pidIn('inner'), pidIn('tool')]
  const deps = {
    ...heart.deps,
    table: {
      ...heart.deps.table,
      maySignal: (pid: number) => !deaf.includes(pid),
      signal: async (...[target, signal]: Parameters<ProcessTable['signal']>) =>
        !deaf.includes(target.pid) && heart.deps.table.signal(target, signal),
    },
  }
  const report = await stopAgents(deps, await findAgents(deps, runsOf('default', [], [])))
  t.same(report.remaining, [deaf[0]])
  t.same([...report.survivors].sort(), [...deaf].sort())
})

t.test('an agent that a run left behind is found by its mark; one of another service is not', async (t) => {
  const heart = heartOf(t)
  const start = () => spawn(FAKE_CODEX, ['exec', 'sleep 300; :'], { env: heart.deps.env(), stdio: 'ignore' })
  const [ours, live, own, others, none] = [start(), start(), start(), start(), start()].map((child) => {
    t.teardown(() => child.kill('SIGKILL'))
    return child.pid ?? 0
  })
  const argvOf = async () =>
    [...(await heart.deps.table.commands())].filter(({ argv }) => argv.includes('exec'))
  await until('they run', async () => (await argvOf()).length >= 5 && carriers(heart.mark).length === 10)
  const run = createLiveRuns(heart.deps)
  const { runId, request } = heart.begin('exec sleep 300')
  const alive = await run.launch(runId, request)
  const owner = ownerPart(heart.stateDir)
  const marks = new Map([
    [ours, { owner, run: 'another' }],
    [live, { owner, run: runPart(runId) }],
    [own, { owner, run: runPart('own') }],
    [others, { owner: 'others', run: 'another' }],
  ])
  const table = { ...heart.deps.table, markOf: (pid: number) => marks.get(pid) ?? null }
  const found = await findAgents({ ...heart.deps, table, ownCookie: 'own' }, runsOf('default', [alive], []))
  t.same([...found.agents].sort(), [ours, alive.agent.pid].sort())
  t.notOk(found.agents.includes(none ?? 0))
})

t.test('a run that passes a limit and cannot be ended is told', async (t) => {
  const heart = heartOf(t, { graceMs: 100 })
  const table = { ...heart.deps.table }
  const live = createLiveRuns({ ...heart.deps, table })
  const { runId, request } = heart.begin('exec sleep 300', { timeoutMs: 200 })
  Object.assign(table, closed())
  const run = await live.launch(runId, request)
  await until('it is told', () => heart.eventsOf('run.stop.survivors').length > 0)
  t.match(heart.eventsOf('run.stop.survivors'), [{ run_id: runId, survivors: [run.agent.pid] }])
  Object.assign(table, heart.deps.table)
  process.kill(run.agent.pid, 'SIGKILL')
  t.match(await run.ended, { outcome: 'timed_out' })
})
