import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { opencode } from '../../src/agents/opencode/opencode.ts'
import { sessionsSource } from '../../src/disk/sessions.ts'
import { storedSessions } from '../../src/disk/stored-sessions.ts'
import { until } from '../helpers/service.ts'
import { DAY_MS, type Left, NOW, setUpDisk } from './set-up.ts'

/** As much of opencode's database as counts here; the tests of real agents hold the query to the real one. */
const TABLES = `CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, time_created INTEGER, time_updated INTEGER);
  CREATE TABLE message (session_id TEXT REFERENCES session ON DELETE CASCADE, data TEXT);
  CREATE TABLE part (session_id TEXT, data TEXT);
  CREATE TABLE event (aggregate_id TEXT, data TEXT);`

/** A program that deletes sessions as opencode does, and can be told to do worse. */
const PROGRAM = `#!/bin/sh
echo "$*" >>"$HOME/asked"
[ ! -e "$HOME/hang" ] || exec sleep 300
[ ! -e "$HOME/fail" ] || { echo 'Error: Session not found' >&2; exit 1; }
exec "$NODE" -e 'new (require("node:sqlite").DatabaseSync)(process.argv[1]).prepare("DELETE FROM session WHERE id = ? OR parent_id = ?").run(process.argv[2], process.argv[2])' "$HOME/.local/share/opencode/opencode.db" "$3"
`

/** A home of opencode with a database, the runs of a ledger, and a governor over both. */
function setUp(test: Test) {
  const disk = setUpDisk(test)
  const home = path.join(disk.dir, '../home')
  const data = path.join(home, '.local/share/opencode')
  mkdirSync(data, { recursive: true })
  writeFileSync(path.join(home, 'opencode'), PROGRAM)
  chmodSync(path.join(home, 'opencode'), 0o755)
  const env = { HOME: home, PATH: `${home}:${process.env.PATH}`, NODE: process.execPath }
  const agent = {
    ...opencode,
    program: { name: 'opencode', configured: null, builds: [] },
    sessionStore: opencode.sessionStore,
  }
  const { sessionStore: store } = agent
  if (!store) throw new Error('opencode has a database')
  const places = { projectDir: home, home, searchPath: env.PATH }
  const stored = storedSessions({ agent, store, env: () => env, places })
  const source = sessionsSource({ agent, env: () => env, ledger: disk.ledger, stored })
  const open = () => {
    const db = new DatabaseSync(path.join(data, 'opencode.db'))
    db.exec('PRAGMA foreign_keys = ON')
    return db
  }
  const fill = (sql: string) => {
    const db = open()
    db.exec(sql)
    db.close()
  }
  fill(TABLES)
  /** A session of a time and a size, in the database. */
  const session = (id: string, at: number, bytes = 1000, parent: string | null = null) => {
    const db = open()
    db.prepare('INSERT INTO session VALUES (?, ?, ?, ?)').run(id, parent, at, at)
    for (const table of ['message', 'part', 'event'])
      db.prepare(`INSERT INTO ${table} VALUES (?, ?)`).run(id, 'x'.repeat(bytes))
    db.close()
  }
  const ids = () => {
    const db = open()
    const rows = db.prepare('SELECT id FROM session ORDER BY id').all()
    db.close()
    return rows.map(({ id }) => String(id))
  }
  return {
    ...disk,
    home,
    data,
    source,
    stored,
    fill,
    session,
    ids,
    run: (id: string, sessionId: string, more: Partial<Left> = {}) =>
      disk.run(id, { ageMs: 9 * DAY_MS, bytes: null, agent: 'opencode', session: sessionId, ...more }),
    asked: () =>
      existsSync(path.join(home, 'asked'))
        ? readFileSync(path.join(home, 'asked'), 'utf8').trim().split('\n')
        : [],
    seen: async () => (await disk.look({ sources: [source] })).shares[0],
  }
}
const OLD = NOW - 9 * DAY_MS

t.test('sessions in a database are measured there, and the agent itself deletes those of runs', async (t) => {
  const { session, run, seen, ids, asked, governorOf, never, source, data, eventsOf } = setUp(t)
  session('ses_mine', OLD)
  session('ses_sub', OLD, 500, 'ses_mine')
  session('ses_others', OLD)
  session('ses_young', NOW - DAY_MS)
  session('ses_used', NOW)
  session('ses_before', OLD - DAY_MS)
  run('a', 'ses_mine')
  run('b', 'ses_young', { ageMs: DAY_MS })
  run('c', 'ses_used')
  run('d', 'ses_before')
  run('e', 'ses_gone')
  mkdirSync(path.join(data, 'storage/session_diff'), { recursive: true })
  const diff = path.join(data, 'storage/session_diff/ses_mine.json')
  writeFileSync(diff, '[]')
  const share = await seen()
  t.same(share?.remnants.map(({ session: of, bytes, kept }) => [of?.id, bytes, kept]).toSorted(), [
    ['ses_before', 3000, 'in_use'],
    // Its file was made by this test, long after the run.
    ['ses_mine', 4502, 'in_use'],
    ['ses_used', 3000, 'in_use'],
    ['ses_young', 3000, 'resumable'],
  ])
  utimesSync(diff, new Date(OLD), new Date(OLD))
  await governorOf({ sources: [source] }).pass(never)
  t.same(asked(), ['session delete ses_mine'])
  t.same(ids(), ['ses_before', 'ses_others', 'ses_used', 'ses_young'])
  t.notOk(existsSync(diff))
  t.match(eventsOf('disk.removed'), [{ count: 1, bytes: 4502 }])
})

t.test('no more of them go in a pass than it has time for, one after the other', async (t) => {
  const { session, run, governorOf, never, source, asked } = setUp(t)
  for (let index = 0; index < 21; index++) {
    session(`ses_${index}`, OLD)
    run(`run ${index}`, `ses_${index}`, { ageMs: 9 * DAY_MS - index })
  }
  const governor = governorOf({ sources: [source] })
  t.equal(await governor.pass(never), false)
  t.equal(asked().length, 20)
  t.equal(await governor.pass(never), true)
  t.equal(asked().length, 21)
})

t.test('no run begins in a session while it is deleted, nor behind that', async (t) => {
  const { session, run, seen, source, never, ledger, intentOf, ids, home } = setUp(t)
  session('ses_a', OLD)
  run('a', 'ses_a')
  const share = await seen()
  const [remnant] = share?.remnants ?? []
  if (!remnant) return t.fail('it is there')
  const facts = { now: NOW, resumableMs: 7 * DAY_MS }
  const begin = (id: string) => ledger.begin(intentOf(id, { agent: 'opencode', session: 'ses_a' }))
  const wait = { ifRunning: 'queue', asked: '{}', place: 'last' } as const
  const refused = { code: 'LOOPER_RESUME_REFUSED' }
  writeFileSync(path.join(home, 'hang'), '')
  const over = new AbortController()
  const removing = source.remove(remnant, facts, over.signal)
  t.throws(() => begin('b'), refused)
  t.throws(() => ledger.enqueue(intentOf('c', { agent: 'opencode', session: 'ses_a' }), wait), refused)
  ledger.begin(intentOf('d', { agent: 'claude', session: 'ses_a' }))
  await until('it is asked', () => existsSync(path.join(home, 'asked')))
  over.abort()
  t.equal(await removing, false, 'the service does not wait for it')
  t.equal(await source.remove(remnant, facts, over.signal), false)
  begin('e')
  t.equal(await source.remove(remnant, facts, never), false, 'a run lives in it')
  t.same(ids(), ['ses_a'])
  rmSync(path.join(home, 'hang'))
  const end = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: null, tokensUsed: null } as const
  ledger.finish('e', { ...end, endedAt: OLD })
  t.equal(await source.remove(remnant, facts, never), true)
  t.same(ids(), [])
  t.throws(() => begin('f'), refused)
})

t.test('what the agent does not delete, or cannot be read, is told', async (t) => {
  const { session, run, seen, source, never, home, fill, ledger, intentOf, stored, data } = setUp(t)
  session('ses_a', OLD)
  run('a', 'ses_a')
  const [remnant] = (await seen())?.remnants ?? []
  if (!remnant) return t.fail('it is there')
  writeFileSync(path.join(home, 'fail'), '')
  const facts = { now: NOW, resumableMs: 7 * DAY_MS }
  await t.rejects(source.remove(remnant, facts, never), {
    message: /opencode did not delete it: .*not found/,
  })
  ledger.begin(intentOf('b', { agent: 'opencode', session: 'ses_a' }))
  fill('DROP TABLE part')
  t.match(await seen(), { problem: /no such table/, bytes: 0 })
  writeFileSync(path.join(data, 'opencode.db'), 'nonsense '.repeat(1000))
  t.match(await seen(), { problem: /not a database/ })
  t.same(await stored.measure([]), new Map(), 'nothing is asked for')
})

t.test('somebody who goes on with a session since it was measured keeps it', async (t) => {
  const { session, run, seen, source, never, fill, asked } = setUp(t)
  session('ses_a', OLD)
  run('a', 'ses_a')
  const [remnant] = (await seen())?.remnants ?? []
  if (!remnant) return t.fail('it is there')
  fill(`UPDATE session SET time_updated = ${NOW}`)
  t.equal(await source.remove(remnant, { now: NOW, resumableMs: 7 * DAY_MS }, never), false)
  t.same(asked(), [])
})

t.test('where there is no database there is nothing to measure', async (t) => {
  const { run, seen, data } = setUp(t)
  run('a', 'ses_a')
  rmSync(path.join(data, 'opencode.db'))
  t.match(await seen(), { problem: null, bytes: 0, remnants: [] })
  t.notOk(existsSync(path.join(data, 'opencode.db')), 'and none is made')
})
