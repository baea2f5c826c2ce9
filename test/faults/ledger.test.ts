import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { mountSmallDisk } from '../helpers/fault-disk.ts'
import {
  assertSettled,
  endOf,
  killService,
  recordOf,
  runsOf,
  serverLogOf,
  setUpFault,
} from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { spawnService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** sysexits.h: a configuration error; a supervisor can be told not to start again on it. */
const EX_CONFIG = 78

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  'is no database': (file) => writeFileSync(file, 'this is no database '.repeat(1000)),
  'lost its middle': (file) => {
    const bytes = readFileSync(file)
    bytes.fill(0xaa, 4096, bytes.length - 4096)
    writeFileSync(file, bytes)
  },
}

for (const [name, damage] of Object.entries(DAMAGES)) {
  t.test(`27: a ledger that ${name} is set aside and told, and the live run is still found`, async (t) => {
    const fault = await setUpFault(t)
    const live = await fault.run('exec sleep 300')
    await killService(fault.service)
    const file = path.join(fault.logDir, 'looper.db')
    // Folds the journal in, as a crash some time later would find it.
    const db = new DatabaseSync(file)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    damage(file)
    const next = await fault.restart()
    await until('the damage is told', () =>
      /"message":"the ledger was broken .* a new one begins","msg":"ledger\.fail"/.test(
        serverLogOf(fault.logDir),
      ),
    )
    t.ok(readdirSync(fault.logDir).some((entry) => entry.startsWith('looper.db.broken-')))
    t.same(await runsOf(next), [])
    const fresh = await fault.run('exec sleep 300', {}, next)
    t.same(fresh.body.killed_codex_exec_pids, [live.pid])
    t.same(carriers(live.runId), [])
    await assertSettled(t, next, fault.watch, [fresh.runId])
  })
}

t.test('an end that somebody kept from the ledger until the service was gone is found again', async (t) => {
  const fault = await setUpFault(t)
  const { runId } = await fault.run('until [ -e go ]; do sleep 0.02; done; exit 7')
  const other = new DatabaseSync(path.join(fault.logDir, 'looper.db'))
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  writeFileSync(path.join(fault.workspace, 'go'), '')
  await until('its end is told', async () => (await recordOf(fault.service, runId)).return_code === 7)
  await killService(fault.service)
  other.exec('ROLLBACK')
  const next = await fault.restart()
  t.match(await endOf(next, runId), { outcome: 'exited', return_code: 7, cause: null })
  await assertSettled(t, next, fault.watch)
  const fresh = await fault.run('exec sleep 300', {}, next)
  t.same(readdirSync(path.join(fault.logDir, '.runs')), [fresh.runId])
  await assertSettled(t, next, fault.watch, [fresh.runId])
})

t.test('a run that was launched while somebody held the ledger is followed by the next life', async (t) => {
  const fault = await setUpFault(t)
  const asked = fault.run('exec sleep 300', { codex_exec_delay_seconds: 1 })
  await until('it is announced', async () => (await runsOf(fault.service)).length === 1)
  const other = new DatabaseSync(path.join(fault.logDir, 'looper.db'))
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const { status, runId, pid } = await asked
  t.equal(status, 200)
  await killService(fault.service)
  t.match(other.prepare('SELECT launched_at FROM runs').all(), [{ launched_at: null }], 'nothing was written')
  other.exec('ROLLBACK')
  const next = await fault.restart()
  await until('it is taken up', async () => (await recordOf(next, runId)).started_at !== null)
  t.match(await recordOf(next, runId), { outcome: null })
  t.ok(carriers(runId).includes(pid), 'it lives')
  await assertSettled(t, next, fault.watch, [runId])
})

/** Starts a service that must refuse, and tells what it said. */
async function refusal(logDir: string, settings: NodeJS.ProcessEnv = {}) {
  const child = spawnService({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir, ...settings })
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  return { code, output }
}

t.test('27: a ledger from a newer Looper is refused, and left as it is', async (t) => {
  const logDir = t.testdir()
  const file = path.join(logDir, 'looper.db')
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE future (x); PRAGMA user_version = 99')
  db.close()
  const before = readFileSync(file)
  for (const attempt of [1, 2]) {
    const { code, output } = await refusal(logDir)
    t.equal(code, EX_CONFIG, `attempt ${attempt}`)
    t.match(output, /the ledger .* was made by a newer Looper \(version 99, this one knows \d+\)/)
  }
  t.ok(readFileSync(file).equals(before))
})

t.test(
  'a ledger that somebody locks for long is no wrong setting: the start may be tried again',
  async (t) => {
    const logDir = t.testdir()
    const other = new DatabaseSync(path.join(logDir, 'looper.db'))
    t.teardown(() => other.close())
    other.exec('BEGIN EXCLUSIVE')
    const { code, output } = await refusal(logDir)
    t.equal(code, 1)
    t.match(output, /cannot open the ledger .*: database is locked; try again/)
  },
)

t.test('27: a ledger that cannot be written is refused at start', async (t) => {
  const logDir = t.testdir({ logs: {} })
  const LOOPER_DB_PATH = makeReadOnly(t)
  if (LOOPER_DB_PATH === null) return t.plan(0, 'root may write everywhere, and no tmpfs can be mounted')
  const { code, output } = await refusal(logDir, { LOOPER_DB_PATH })
  t.equal(code, EX_CONFIG)
  t.match(output, `looper: cannot open the ledger ${LOOPER_DB_PATH}`)
  t.match(output, 'set LOOPER_DB_PATH')
  t.equal(textOf(LOOPER_DB_PATH), '')
})

/** An empty ledger that may be read only, on a disk of its own where the user may write everything. */
function makeReadOnly(t: Test): string | null {
  if (process.getuid?.() !== 0) {
    const dir = path.join(t.testdirName, 'closed')
    mkdirSync(dir)
    writeFileSync(path.join(dir, 'looper.db'), '')
    chmodSync(path.join(dir, 'looper.db'), 0o400)
    chmodSync(dir, 0o500)
    t.teardown(() => chmodSync(dir, 0o700))
    return path.join(dir, 'looper.db')
  }
  const disk = mountSmallDisk(t, 1)
  if (disk.kind === 'none') return null
  writeFileSync(path.join(disk.dir, 'looper.db'), '')
  disk.readOnly()
  return path.join(disk.dir, 'looper.db')
}
