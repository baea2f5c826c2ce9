import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { bootId, forgeIdentity, writeState } from '../helpers/fault-ledger.ts'
import {
  assertSettled,
  endOf,
  type FaultSetUp,
  killService,
  type Posted,
  parentOf,
  setUpFault,
  startBystander,
  startOf,
  trailersIn,
} from '../helpers/fault-service.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

/** Kills the service, then the wrapper and everything of the run: what a crash of the whole machine leaves. */
async function killEverything({ service }: FaultSetUp, { pid, runId }: Posted): Promise<void> {
  const wrapper = parentOf(pid)
  await killService(service)
  process.kill(wrapper, 'SIGKILL')
  killCarriers(runId)
  await until('all is dead', () => carriers(runId).length === 0 && isGone(wrapper))
}

function isGone(pid: number): boolean {
  try {
    return startOf(pid) === ''
  } catch {
    return true
  }
}

t.test(
  '5: an agent that ends while the service is dead has its return code in log and ledger',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const waits = 'while [ ! -e go ]; do sleep 0.05; done'
    const { log, runId } = await fault.run(`echo before; ${waits}; echo after; setsid sleep 300 & exit 7`)
    await until('it runs', () => textOf(log).includes('\nbefore\n'))
    await killService(fault.service)
    t.ok(carriers(runId).length > 0, 'the agent goes on')
    writeFileSync(path.join(fault.workspace, 'go'), '')
    await until('the trailer', () => textOf(log).endsWith('\n# codex_exec_return_code=7\n'))
    t.match(textOf(log), '\nbefore\nafter\n')
    const next = await fault.restart()
    t.match(await endOf(next, runId), { outcome: 'exited', return_code: 7, cause: null })
    await assertSettled(t, next, fault.watch)
  },
)

t.test(
  '5: a tool that goes on writing behind the trailer hides no return code and gets no second trailer',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const noise = 'while [ ! -e go ]; do sleep 0.05; done; head -c 100000 /dev/zero; touch told; sleep 300'
    const { log, runId } = await fault.run(
      `setsid sh -c '${noise}' & until [ -e end ]; do sleep 0.05; done; exit 7`,
    )
    await killService(fault.service)
    writeFileSync(path.join(fault.workspace, 'end'), '')
    await until('the trailer', () => textOf(log).endsWith('\n# codex_exec_return_code=7\n'))
    writeFileSync(path.join(fault.workspace, 'go'), '')
    await until('the noise', () => existsSync(path.join(fault.workspace, 'told')))
    const next = await fault.restart()
    t.match(await endOf(next, runId), { outcome: 'exited', return_code: 7, cause: null })
    t.equal(trailersIn(log), 1)
    await assertSettled(t, next, fault.watch)
  },
)

t.test(
  '6: where the wrapper is killed, the run ends as lost when its agent ends',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const { service, run, watch } = fault
    const { pid, runId, log } = await run('while [ ! -e stop ]; do sleep 0.05; done; exit 6')
    process.kill(parentOf(pid), 'SIGKILL')
    t.ok(carriers(runId).includes(pid), 'the agent goes on')
    await run('touch stop', {}).then(({ status }) => t.equal(status, 200))
    t.match(await endOf(service, runId), { outcome: 'replaced', return_code: null })

    const alone = await run('exec sleep 0.3')
    process.kill(parentOf(alone.pid), 'SIGKILL')
    const lost = { outcome: 'lost', return_code: null, cause: /^its wrapper was killed/ }
    t.match(await endOf(service, alone.runId), lost)

    const both = await run('setsid sleep 300 & sleep 300')
    await until('its tools', () => carriers(both.runId).length === 3)
    process.kill(parentOf(both.pid), 'SIGKILL')
    process.kill(both.pid, 'SIGKILL')
    t.match(await endOf(service, both.runId), lost)
    for (const file of [log, alone.log, both.log]) t.match(textOf(file), /return_code=unknown\n$/)
    await assertSettled(t, service, watch)
  },
)

t.test(
  '6: where wrapper and agent are killed while the service is dead, the run ends as lost',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const posted = await fault.run('setsid sleep 300 & sleep 300')
    await until('its tools', () => carriers(posted.runId).length === 3)
    const wrapper = parentOf(posted.pid)
    await killService(fault.service)
    process.kill(wrapper, 'SIGKILL')
    process.kill(posted.pid, 'SIGKILL')
    t.ok(carriers(posted.runId).length > 0, 'its tools are left behind')
    const next = await fault.restart()
    t.match(await endOf(next, posted.runId), {
      outcome: 'lost',
      return_code: null,
      cause: 'its wrapper was killed while the service was down, so nobody knows its status',
    })
    t.match(textOf(posted.log), /\n# codex_exec_return_code=unknown\n$/)
    await assertSettled(t, next, fault.watch)
  },
)

t.test(
  '7: after a reboot a run ends as lost, and whoever has its pid now is not signalled',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const posted = await fault.run('sleep 300')
    await killEverything(fault, posted)
    const bystander = await startBystander(t, fault.dir)
    forgeIdentity(fault.logDir, posted.runId, { ...bystander, bootId: randomUUID() })
    const next = await fault.restart()
    t.match(await endOf(next, posted.runId), {
      outcome: 'lost',
      return_code: null,
      cause: 'the machine was restarted',
    })
    t.match(textOf(posted.log), /\n# codex_exec_return_code=unknown\n$/)
    const fresh = await fault.run('true', {}, next)
    t.same(fresh.body.killed_codex_exec_pids, [])
    t.equal(startOf(bystander.pid), bystander.start, 'it lives')
    t.equal(bystander.signals(), '', 'and was told nothing')
    await assertSettled(t, next, fault.watch)
  },
)

t.test(
  '8: a recycled pid is never signalled, wherever its number is found',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const posted = await fault.run('sleep 300')
    await killEverything(fault, posted)
    const bystander = await startBystander(t, fault.dir)
    const earlier = { bootId: bootId(), pid: bystander.pid, start: String(Number(bystander.start) - 1) }
    forgeIdentity(fault.logDir, posted.runId, earlier)
    writeState(fault.logDir, randomUUID(), earlier)
    const next = await fault.restart()
    t.match(await endOf(next, posted.runId), { outcome: 'lost', return_code: null })
    const fresh = await fault.run('sleep 300', {}, next)
    t.same(fresh.body.killed_codex_exec_pids, [])
    t.equal(startOf(bystander.pid), bystander.start, 'it lives')
    t.equal(bystander.signals(), '', 'and was told nothing')
    await assertSettled(t, next, fault.watch, [fresh.runId])
  },
)

t.test(
  '8: a run on the record whose agent is a zombie by now counts as ended',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const posted = await fault.run('sleep 300')
    await killEverything(fault, posted)
    // A parent that never waits keeps its dead child as a zombie.
    const parent = spawn('/bin/sh', ['-c', 'sleep 300 & echo $!; exec sleep 300'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID },
    })
    t.teardown(() => parent.kill('SIGKILL'))
    const pid = Number(String((await once(parent.stdout, 'data'))[0]))
    const start = startOf(pid)
    process.kill(pid, 'SIGKILL')
    await until('it is a zombie', () => isGone(pid))
    forgeIdentity(fault.logDir, posted.runId, { bootId: bootId(), pid, start })
    const next = await fault.restart()
    t.match(await endOf(next, posted.runId), { outcome: 'lost' })
    await assertSettled(t, next, fault.watch)
  },
)
