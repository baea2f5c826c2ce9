import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { mirrorLog } from '../../src/logging/mirror.ts'
import { openServerLog } from '../../src/logging/server-log.ts'
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
import { PROJECT, textOf, until } from '../helpers/service.ts'

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
    const disk = mountSmallDisk(t, 2)
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
    // Again and again: a moment after a launch the service gives room back.
    const fills = 'until [ -e stop ]; do head -c 4194304 /dev/zero; sleep 0.05; done; exit 4'
    const { runId, log } = await fault.run(fills)
    await until('the disk is full', () => statfsSync(disk.dir).bavail === 0)
    const begin = performance.now()
    writeFileSync(path.join(fault.workspace, 'stop'), '')
    t.match(await endOf(fault.service, runId), { outcome: 'exited', return_code: 4 })
    t.match(await fault.run(''), { status: 200 }, 'a request that launches nothing')
    t.equal(await fault.service.stop(), 0)
    t.ok(performance.now() - begin < 8000, 'long before the wrapper tries again')
    t.equal(trailersIn(log), 0)
    truncateSync(log, 100)
    await until('the trailer', () => trailersIn(log) === 1)

    rmSync(path.join(fault.workspace, 'stop'))
    const first = await fault.restart()
    const adopted = await fault.run(fills, {}, first)
    await until('the disk is full again', () => statfsSync(disk.dir).bavail === 0)
    await killService(first)
    writeFileSync(path.join(fault.workspace, 'stop'), '')
    await until('it ended', () => carriers(adopted.runId).length === 0)
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

t.test(
  '21: a server log that rotates under 50,000 lines a second loses no line and tears none',
  { buffered: true },
  async (t) => {
    const dir = t.testdir({ 'run.log': '' })
    const file = path.join(dir, 'server.log')
    const source = path.join(dir, 'run.log')
    const serverLog = await openServerLog(file, 'info', { size: 256 * 1024, count: 10_000 })
    const complete = new AbortController()
    const mirrored = mirrorLog({
      path: source,
      from: 0,
      write: serverLog.raw,
      placeToCut: serverLog.placeToCut,
      clock: systemClock,
      complete: complete.signal,
    })
    const lines = 150_000
    const writer = spawn(
      process.execPath,
      [path.join(PROJECT, 'test/fixtures/line-writer.ts'), source, String(lines), '50000'],
      { stdio: 'inherit', env: { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID } },
    )
    let events = 0
    const talk = setInterval(() => serverLog.logger.info({ event: events++ }, 'between'), 1)
    t.same(await once(writer, 'exit'), [0, null])
    complete.abort()
    t.equal(await mirrored, statSync(source).size)
    clearInterval(talk)
    await serverLog.close()

    const number = (name: string) => Number(/\.(\d+)\.log$/.exec(name)?.[1])
    const files = readdirSync(`${file}.d`)
      .filter((name) => name.endsWith('.log'))
      .sort((a, b) => number(a) - number(b))
    t.ok(files.length > 10, `${files.length} files`)
    const texts = files.map((name) => readFileSync(path.join(`${file}.d`, name), 'utf8'))
    t.ok(
      // The last one may just have been begun.
      texts.every((text, index) => text.endsWith('\n') || (text === '' && index === texts.length - 1)),
      'no line goes over the end of a file',
    )
    const all = texts.join('').trimEnd().split('\n')
    const raw = all.filter((line) => !line.startsWith('{'))
    t.ok(`${raw.join('\n')}\n` === readFileSync(source, 'utf8'), 'every line once, in order, whole')
    const seen = all.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line).event)
    t.equal(seen.length, events)
    t.ok(
      seen.every((event, index) => event === index),
      'and every event',
    )
  },
)

const MIB = 1_048_576

t.test(
  '22: a lot of output, one huge line, NUL and broken UTF-8 are on disk byte for byte',
  { buffered: true },
  async (t) => {
    // A small heap, so that growth is what is kept, and not what V8 has not collected yet.
    const { service, run, workspace, watch } = await setUpFault(t, {
      NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=64',
    })
    const payload = path.join(workspace, 'payload')
    const line = Buffer.from(`${'0123456789abcdef'.repeat(63)}0123456789abcde\n`)
    writeFileSync(
      payload,
      Buffer.concat([
        Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 10, 0xe2, 0x82, 10, 0xf0, 0x9f, 0xa6]),
        Buffer.alloc(64 * MIB, line),
        Buffer.alloc(20 * MIB, 'one line '),
        Buffer.from([0, 10, 0xc3]),
      ]),
    )
    // What the service needs anyway is not the output's.
    await endOf(service, (await run('echo warm')).runId)
    const memory = (name: string) =>
      Number(
        new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(textOf(`/proc/${service.child.pid}/status`))?.[1],
      ) / 1024
    const before = memory('VmRSS')
    const { runId, log } = await run('exec cat payload')
    t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0 })
    const grown = memory('VmHWM') - before
    t.ok(grown < 60, `the service grew by ${Math.round(grown)} MB at most`)

    const written = readFileSync(log)
    const trailer = Buffer.from('\n\n# codex_exec_return_code=0\n')
    const output = written.subarray(written.indexOf('\n\n') + 2, written.length - trailer.length)
    t.same(written.subarray(written.length - trailer.length), trailer)
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    t.equal(hash(output), hash(readFileSync(payload)))
    t.equal((await recordOf(service, runId)).output_bytes, output.length + trailer.length)
    await assertSettled(t, service, watch)
  },
)
