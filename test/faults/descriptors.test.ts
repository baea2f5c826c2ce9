import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import {
  assertSettled,
  endOf,
  killService,
  recordOf,
  serverLogOf,
  setUpFault,
} from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'limits are set by prlimit')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

const WAIT = 'while [ ! -e go ]; do sleep 0.05; done'

t.test(
  'an adopted run is not ended while nobody can look at it, and the next request finds it',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const live = await fault.run('exec sleep 300')
    await killService(fault.service)
    const next = await fault.restart()
    await until('it is adopted', () => serverLogOf(fault.logDir).includes('run.adopt'))
    const restore = await exhaustDescriptors(t, Number(next.child.pid))
    await until('a look failed', () => serverLogOf(fault.logDir).includes('run.watch.fail'))
    await restore()
    t.match(await recordOf(next, live.runId), { outcome: null })
    const fresh = await fault.run('exec sleep 300', {}, next)
    t.same(fresh.body.killed_codex_exec_pids, [live.pid])
    t.match(await recordOf(next, live.runId), { outcome: 'replaced', return_code: -2 })
    await assertSettled(t, next, fault.watch, [fresh.runId])
  },
)

t.test(
  'a run that ends while there are no descriptors keeps its status, and its tools are stopped',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const { runId, pid } = await fault.run(`setsid sleep 300 & ${WAIT}; exit 7`)
    await until('its tool runs', () => carriers(runId).length >= 2)
    const restore = await exhaustDescriptors(t, Number(fault.service.child.pid))
    writeFileSync(path.join(fault.workspace, 'go'), '')
    await until('it ended', () => !carriers(runId).includes(pid))
    await until('a look failed', () => serverLogOf(fault.logDir).includes('run.watch.fail'))
    await restore()
    t.match(await endOf(fault.service, runId), { outcome: 'exited', return_code: 7, cause: null })
    await assertSettled(t, fault.service, fault.watch)
  },
)

t.test(
  'a run whose time is over while there are no descriptors is stopped as soon as there are',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const { runId } = await fault.run('exec sleep 300', { timeout_seconds: 1, stall_seconds: 60 })
    const restore = await exhaustDescriptors(t, Number(fault.service.child.pid))
    await until('its time is over', () => serverLogOf(fault.logDir).includes('"msg":"run.limit"'))
    await setTimeout(300)
    t.ok(carriers(runId).length > 0)
    await restore()
    t.match(await endOf(fault.service, runId), { outcome: 'timed_out', cause: 'it ran for 1 s' })
    await assertSettled(t, fault.service, fault.watch)
  },
)
