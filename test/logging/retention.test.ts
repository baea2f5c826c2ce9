import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type KeepRules, removeOldRuns } from '../../src/logging/retention.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { intentOf, logNameOf, putInto } from '../helpers/record.ts'

const DAY_MS = 86_400_000
const MIB = 1_048_576
const NOW = Date.UTC(2026, 5, 15)

/** Run logs and a ledger, and ways to put runs of an age into them. */
function setUp(test: Test) {
  const dir = path.join(test.testdir({ logs: {} }), 'logs')
  const ledger = openLedger(path.join(dir, '../looper.db'), (message) => test.fail(message))
  test.teardown(() => ledger.close())
  const putAt = putInto(dir)
  const put = (name: string, ageMs: number, bytes?: number) => putAt(name, NOW - ageMs, bytes)
  const begin = (id: string, logPath: string | null) => {
    ledger.begin(intentOf(id, { requestId: id, requestedAt: NOW }))
    if (logPath !== null) ledger.step(id, { logPath })
  }
  /** A run that ended that long ago, with its log. */
  const run = (id: string, ageMs: number, { bytes = 4, hasLog = true } = {}) => {
    begin(id, hasLog ? put(logNameOf(id), ageMs, bytes) : null)
    const end = { returnCode: 0, cause: null, outputBytes: null, tokensUsed: null }
    ledger.finish(id, { ...end, outcome: hasLog ? 'exited' : 'failed_to_start', endedAt: NOW - ageMs })
  }
  const remove = (keep: Partial<KeepRules>, live: readonly string[] = []) =>
    removeOldRuns({ dir, keep: { days: 0, count: 0, mb: 0, ...keep }, ledger, now: NOW, live: new Set(live) })
  return {
    dir,
    put,
    begin,
    run,
    remove,
    ledger,
    names: () => readdirSync(dir).sort(),
    rows: () => ledger.list({ limit: 500 }).map(({ runId }) => runId),
  }
}

t.test('runs older than the days to keep go, log and row together, younger ones stay', async (t) => {
  const { run, remove, names, rows } = setUp(t)
  run('00000001', 8 * DAY_MS)
  run('auto00000002', 7 * DAY_MS + 1000)
  run('00000003', 7 * DAY_MS)
  run('00000004', 0)
  run('00000005', -DAY_MS)
  t.equal(await remove({ days: 7 }), 2)
  const left = ['00000003', '00000004', '00000005']
  t.strictSame(names(), left.map(logNameOf))
  t.strictSame(rows().sort(), left)
  t.equal(await remove({ days: 7 }), 0, 'the second time there is nothing to do')
})

t.test('what its check wrote goes with a run, and counts as its own', async (t) => {
  const { run, remove, put, names } = setUp(t)
  run('00000001', DAY_MS)
  put(`${logNameOf('00000001')}.verify`, 0, MIB)
  run('00000002', 0)
  t.equal(await remove({ mb: 1 }), 1)
  t.strictSame(names(), [logNameOf('00000002')])
})

t.test('part of a day is a time too', async (t) => {
  const { run, remove, rows } = setUp(t)
  run('00000001', DAY_MS)
  run('00000002', DAY_MS / 4)
  t.equal(await remove({ days: 0.5 }), 1)
  t.strictSame(rows(), ['00000002'])
})

t.test('of too many runs the newest stay, whether or not they have a log', async (t) => {
  const { run, remove, names, rows } = setUp(t)
  for (const [i, id] of ['00000001', '00000002', '00000003', '00000004'].entries()) {
    run(id, (4 - i) * DAY_MS, { hasLog: i !== 2 })
  }
  t.equal(await remove({ count: 2 }), 2)
  t.strictSame(rows(), ['00000004', '00000003'])
  t.strictSame(names(), [logNameOf('00000004')])
})

t.test('of too many megabytes the newest stay', async (t) => {
  const { run, remove, rows } = setUp(t)
  run('00000001', 4 * DAY_MS)
  run('00000002', 3 * DAY_MS, { bytes: MIB })
  run('00000003', 2 * DAY_MS, { bytes: MIB })
  run('00000004', DAY_MS, { bytes: MIB })
  t.equal(await remove({ mb: 2 }), 2)
  t.strictSame(rows(), ['00000004', '00000003'])
})

t.test('each rule is enough', async (t) => {
  const { run, remove, rows } = setUp(t)
  run('00000001', 30 * DAY_MS)
  run('00000002', 2 * DAY_MS)
  run('00000003', DAY_MS)
  t.equal(await remove({ days: 7, count: 2, mb: 1000 }), 1)
  t.strictSame(rows(), ['00000003', '00000002'])
})

t.test('without a rule everything is kept for ever', async (t) => {
  const { run, remove, names, rows } = setUp(t)
  run('00000001', 10_000 * DAY_MS)
  t.equal(await remove({}), 0)
  t.strictSame(names(), [logNameOf('00000001')])
  t.strictSame(rows(), ['00000001'])
})

t.test('a live run stays, log and row, however long it was quiet', async (t) => {
  const { run, put, begin, remove, rows } = setUp(t)
  const live = put(logNameOf('00000001'), 100 * DAY_MS, 5 * MIB)
  begin('00000001', live)
  run('00000002', 100 * DAY_MS)
  t.equal(await remove({ days: 1, count: 1, mb: 1 }, [live]), 1)
  t.strictSame(rows(), ['00000001'])
  t.ok(existsSync(live))
})

t.test('a log without a row, and a row whose log is gone, grow old like any other', async (t) => {
  const { run, put, remove, names, rows } = setUp(t)
  put(logNameOf('00000001'), 8 * DAY_MS)
  put(logNameOf('00000002'), DAY_MS)
  run('00000003', 8 * DAY_MS, { hasLog: false })
  run('00000004', DAY_MS, { hasLog: false })
  t.equal(await remove({ days: 7 }), 2)
  t.strictSame(names(), [logNameOf('00000002')])
  t.strictSame(rows(), ['00000004'])
})

t.test('a log that lies elsewhere by now is not touched, only its row goes', async (t) => {
  const { dir, begin, ledger, remove, rows } = setUp(t)
  const elsewhere = path.join(dir, '..', logNameOf('00000001'))
  writeFileSync(elsewhere, 'text')
  begin('00000001', elsewhere)
  const end = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: 1, tokensUsed: null } as const
  ledger.finish('00000001', { ...end, endedAt: NOW - 8 * DAY_MS })
  t.equal(await remove({ days: 7 }), 1)
  t.strictSame(rows(), [])
  t.ok(existsSync(elsewhere))
})

t.test('nothing but run logs is touched', async (t) => {
  const { dir, put, remove, names } = setUp(t)
  const others = ['looper-server.log', 'notes.txt', `${logNameOf('00000001')}.gz`, 'codex-exec-mine.log']
  for (const name of others) put(name, 100 * DAY_MS, 5 * MIB)
  mkdirSync(path.join(dir, logNameOf('00000002')))
  symlinkSync('absent', path.join(dir, logNameOf('00000003')))
  const before = names()
  put(logNameOf('00000004'), 100 * DAY_MS)
  t.equal(await remove({ days: 1, count: 1, mb: 1 }), 1)
  t.strictSame(names(), before)
})

t.test('before the first run there may be no directory, and that is no failure', async (t) => {
  const { dir, ledger } = setUp(t)
  const options = { keep: { days: 1, count: 1, mb: 1 }, ledger, now: NOW, live: new Set<string>() }
  t.equal(await removeOldRuns({ ...options, dir: path.join(dir, 'absent') }), 0)
})

t.test('the times of a log go with it, and those of others stay', async (t) => {
  const { dir, run, remove } = setUp(t)
  run('0000000a', 10 * DAY_MS)
  run('0000000b', 0)
  for (const id of ['0000000a', '0000000b']) writeFileSync(path.join(dir, `${logNameOf(id)}.times`), '')
  t.equal(await remove({ days: 5 }), 1)
  t.same(readdirSync(dir).sort(), [logNameOf('0000000b'), `${logNameOf('0000000b')}.times`])
})
