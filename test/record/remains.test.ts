import { renameSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { DAY_MS, NOW, setUpDisk } from '../disk/set-up.ts'

t.test('what runs take is told page by page, with what they need', async (t) => {
  const { ledger, run, intentOf } = setUpDisk(t)
  run('a', { ageMs: DAY_MS, session: 's', prompt: 'x'.repeat(100_000) })
  run('b', { ageMs: null })
  ledger.enqueue(intentOf('c'), { ifRunning: 'queue', asked: '{}', place: 'last' })
  const [a, b] = ledger.remains(0, 2)
  t.match(a, { runId: 'a', agent: 'codex', sessionId: 's', endedAt: NOW - DAY_MS, isWaiting: false })
  t.ok(a && a.bytes > 100_000 && a.bytes < 110_000)
  t.match(b, { runId: 'b', sessionId: null, endedAt: null, isWaiting: false })
  t.match(ledger.remains(b?.seq ?? 0, 2), [{ runId: 'c', isWaiting: true, logPath: null }])
})

t.test('a session is needed by what lives or waits in it, and for a while after its end', async (t) => {
  const { ledger, run, intentOf } = setUpDisk(t)
  run('a', { ageMs: DAY_MS, session: 's' })
  t.equal(ledger.isSessionNeeded('codex', 's', NOW - 2 * DAY_MS), true)
  t.equal(ledger.isSessionNeeded('codex', 's', NOW - DAY_MS), false)
  t.equal(ledger.isSessionNeeded('claude', 's', 0), false)
  ledger.begin(intentOf('b', { session: 's' }))
  t.equal(ledger.isSessionNeeded('codex', 's', NOW), true)
  t.match(ledger.find('b'), { sessionId: 's' }, 'from its beginning')
})

t.test('room is given back while others read, and not of a file that is gone or locked', async (t) => {
  const { ledger, run, dbPath } = setUpDisk(t)
  run('a', { ageMs: DAY_MS, prompt: 'x'.repeat(3_000_000) })
  ledger.remove('a')
  const { bytes, spare } = ledger.room()
  t.ok(spare > 3_000_000 && bytes > spare)
  const other = new DatabaseSync(dbPath)
  other.exec('BEGIN IMMEDIATE')
  await t.rejects(ledger.compact(), { message: /locked/ })
  other.exec('ROLLBACK')
  other.close()
  await ledger.compact()
  t.ok(ledger.room().bytes < 1_000_000)
  t.ok(statSync(dbPath).size < 1_000_000)
  for (let index = 0; index < 100; index++) run(`b${index}`, { ageMs: DAY_MS, bytes: null })
  t.ok(statSync(`${dbPath}-wal`).size > 300_000)
  t.ok(ledger.room().spare < 100_000, 'what its journal holds is nothing to give back')
  renameSync(dbPath, `${dbPath}.away`)
  await t.rejects(ledger.compact(), { message: /removed or replaced/ })
  t.throws(() => statSync(dbPath), 'and no new one begins')
})

t.test('of very many sessions that were deleted the last ones are remembered', async (t) => {
  const { ledger, intentOf } = setUpDisk(t)
  for (let index = 0; index <= 10_000; index++) ledger.letSessionGo('codex', `s${index}`, NOW)
  t.throws(() => ledger.begin(intentOf('a', { session: 's1' })), { code: 'LOOPER_RESUME_REFUSED' })
  ledger.begin(intentOf('b', { session: 's0' }))
  ledger.keepSession('codex', 's1')
  ledger.begin(intentOf('c', { session: 's1' }))
})
