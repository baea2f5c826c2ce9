import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { mountSmallDisk } from '../helpers/fault-disk.ts'
import {
  assertSettled,
  endOf,
  killService,
  recordOf,
  runsOf,
  serverLogOf,
  setUpFault,
  trailersIn,
} from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

t.test(
  '19: with too little space a request is refused before anything is stopped, until there is more',
  { buffered: true },
  async (t) => {
    const disk = mountSmallDisk(t, 4)
    if (disk.kind === 'none') return t.plan(0, disk.why)
    const { service, run, watch, zulip } = await setUpFault(t, {
      CODEX_EXEC_LOG_DIR: disk.dir,
      LOOPER_MIN_FREE_MB: '1',
    })
    const live = await run('exec sleep 300')
    const requests = zulip.requests
    disk.fill()
    t.match(await run('true'), {
      status: 507,
      body: { code: 'LOOPER_DISK_FULL', error: `only 0 MB are free in ${disk.dir}, and 1 are needed` },
    })
    t.equal(zulip.requests, requests)
    t.equal((await runsOf(service)).length, 1)
    await assertSettled(t, service, watch, [live.runId])
    disk.free()
    const next = await run('exec sleep 300')
    t.same(next.body.killed_codex_exec_pids, [live.pid])
    await assertSettled(t, service, watch, [next.runId])
  },
)

t.test(
  '19: run log, server log and ledger on a full disk: nothing crashes, and all heals',
  { buffered: true },
  async (t) => {
    const disk = mountSmallDisk(t, 4)
    if (disk.kind === 'none') return t.plan(0, disk.why)
    const { service, run, watch, zulip, workspace } = await setUpFault(t, { CODEX_EXEC_LOG_DIR: disk.dir })
    const { runId, log } = await run(
      'while [ ! -e stop ]; do printf "line %1000s" || echo >>failed; sleep 0.01; done; setsid sleep 300 & exit 4',
    )
    await until('it writes', () => textOf(log).includes('line'))
    const requests = zulip.requests
    disk.fill()
    await until('its output is refused', () => existsSync(path.join(workspace, 'failed')))
    t.match(await run('true'), { status: 500, body: { code: 'LOOPER_LEDGER_UNWRITABLE' } })
    t.equal(zulip.requests, requests, 'nothing was announced')
    t.ok(carriers(runId).length > 0, 'nothing was stopped')

    writeFileSync(path.join(workspace, 'stop'), '')
    await until('it ended', () => carriers(runId).length === 0)
    t.equal((await fetch(`${service.url}/health`)).status, 200)
    t.equal(trailersIn(log), 0, 'there is no room for its trailer')
    disk.free()
    const next = await run('exec sleep 300')
    t.equal(next.status, 200)
    t.match(await endOf(service, runId), { outcome: 'exited', return_code: 4 })
    // The wrapper tries every ten seconds.
    await until('the trailer', () => trailersIn(log) === 1)
    t.match(serverLogOf(disk.dir), /run\.success/)
    await assertSettled(t, service, watch, [next.runId])
  },
)

t.test(
  '19: a run that ends on a full disk keeps nobody waiting, and its status is never lost',
  { buffered: true },
  async (t) => {
    const disk = mountSmallDisk(t, 4)
    if (disk.kind === 'none') return t.plan(0, disk.why)
    const fault = await setUpFault(t, {
      CODEX_EXEC_LOG_DIR: disk.dir,
      LOOPER_DB_PATH: path.join(t.testdirName, 'looper.db'),
      LOOPER_SERVER_LOG_PATH: path.join(t.testdirName, 'server.log'),
    })
    // To the last byte, and then again whatever the service gives back meanwhile.
    const fills = 'head -c 4194304 /dev/zero; touch full; until [ -e stop ]; do sleep 0.05; done; exit 4'
    const inWorkspace = (name: string) => path.join(fault.workspace, name)
    const stayFull = async () => {
      await until('the disk is full', () => existsSync(inWorkspace('full')))
      disk.fill()
      const timer = setInterval(disk.fill, 5)
      t.teardown(() => clearInterval(timer))
      return timer
    }
    const { runId, log } = await fault.run(fills)
    const full = await stayFull()
    writeFileSync(inWorkspace('stop'), '')
    // Whoever waited for the log here would wait for ever.
    t.match(await endOf(fault.service, runId), { outcome: 'exited', return_code: 4 })
    t.match(await fault.run(''), { status: 200 }, 'a request that launches nothing')
    t.equal(await fault.service.stop(), 0)
    t.equal(trailersIn(log), 0, 'there was no room for its trailer')
    clearInterval(full)
    truncateSync(log, 100)
    disk.free()
    await until('the trailer', () => trailersIn(log) === 1)

    for (const name of ['stop', 'full']) rmSync(inWorkspace(name))
    const first = await fault.restart()
    const adopted = await fault.run(fills, {}, first)
    const fullAgain = await stayFull()
    await killService(first)
    writeFileSync(inWorkspace('stop'), '')
    await until('it ended', () => carriers(adopted.runId).length === 0)
    clearInterval(fullAgain)
    const second = await fault.restart()
    t.match(await endOf(second, adopted.runId), { outcome: 'exited', return_code: 4 })
  },
)

t.test(
  '20: a log directory that is removed is noticed: the end and the output are told elsewhere',
  { buffered: true },
  async (t) => {
    const elsewhere = (name: string) => path.join(t.testdirName, name)
    const { service, run, watch, logDir, workspace } = await setUpFault(t, {
      LOOPER_DB_PATH: elsewhere('looper.db'),
      LOOPER_SERVER_LOG_PATH: elsewhere('server.log'),
    })
    const { runId } = await run('echo before; while [ ! -e stop ]; do sleep 0.05; done; echo after; exit 3')
    await until('it is mirrored', () => textOf(elsewhere('server.log')).includes('\nbefore\n'))
    rmSync(logDir, { recursive: true })
    t.ok(carriers(runId).length > 0, 'the run goes on')
    writeFileSync(path.join(workspace, 'stop'), '')
    await until('the end', async () => (await recordOf(service, runId)).outcome !== null)
    t.match(await recordOf(service, runId), {
      outcome: 'exited',
      return_code: 3,
      cause: 'its log was removed while it ran',
    })
    t.match(textOf(elsewhere('server.log')), '\nafter\n', 'what it wrote after the removal')
    t.match(textOf(elsewhere('server.log')), '"msg":"run.log.gone"')
    t.same(carriers(runId), [])

    const next = await run('echo again; exec sleep 300')
    await until('its log', () => textOf(next.log).includes('\nagain\n'))
    t.same(watch.overlaps, [])
  },
)

t.test(
  '20: where the ledger was removed with it, requests are refused until a restart',
  { buffered: true },
  async (t) => {
    const fault = await setUpFault(t)
    const { service, run, zulip, logDir, watch } = fault
    const live = await run('exec sleep 300')
    const requests = zulip.requests
    rmSync(logDir, { recursive: true })
    t.match(await run('true'), {
      status: 500,
      body: {
        code: 'LOOPER_LEDGER_UNWRITABLE',
        error: /looper\.db was removed or replaced; restart Looper$/,
      },
    })
    t.equal(zulip.requests, requests)
    t.ok(carriers(live.runId).length > 0, 'the live run is untouched')
    t.equal(await service.stop(), 0)
    t.same(carriers(live.runId), [])
    mkdirSync(logDir, { recursive: true })
    const next = await fault.restart()
    const fresh = await fault.run('exec sleep 300', {}, next)
    t.equal(fresh.status, 200)
    await assertSettled(t, next, watch, [fresh.runId])
  },
)
