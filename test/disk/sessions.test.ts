import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { claude } from '../../src/agents/claude/claude.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import { commandAgent } from '../../src/agents/command/command.ts'
import { opencode } from '../../src/agents/opencode/opencode.ts'
import { sessionsSource } from '../../src/disk/sessions.ts'
import { mountSmallDisk } from '../helpers/fault-disk.ts'
import { DAY_MS, type Left, NOW, setUpDisk } from './set-up.ts'

const idOf = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`
const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)]

/** Agents' own files in a home, and a governor over them, logs and records. Files are made in the tests' real time. */
function setUpSessions(test: Test, agent = codex) {
  const disk = setUpDisk(test)
  const home = path.join(disk.dir, '../home')
  const env = { HOME: home }
  /** Files are never older than the test, and runs were before it. */
  const now = Date.now() + 400 * DAY_MS
  const source = sessionsSource({ agent, env: () => env, ledger: disk.ledger })
  const [logs, records] = disk.sources
  const sources = [...(logs ? [logs] : []), source, ...(records ? [records] : [])]
  const put = (name: string, bytes = 1000, at = Date.now()) => {
    const file = path.join(home, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, 'x'.repeat(bytes))
    utimesSync(file, new Date(at), new Date(at))
    return file
  }
  /** A run that ended so long before the present of `now`, but not before its files. */
  const run = (id: string, session: string, more: Partial<Left> = {}) =>
    disk.run(id, { ageMs: NOW - Date.now() - 5000, bytes: null, session, ...more })
  return {
    ...disk,
    home,
    source,
    sources,
    put,
    run,
    rollout: (id: string, day = '2026/01/02') =>
      put(`.codex/sessions/${day}/rollout-${day.replaceAll('/', '-')}T03-04-05-${id}.jsonl`),
    kept: async () =>
      Object.fromEntries(
        (await disk.look({ sources: [source], now: () => now })).shares.flatMap(({ remnants }) =>
          remnants.map(({ session, kept }) => [session?.id, kept]),
        ),
      ),
    pass: () => disk.pass({ sources, now: () => now }),
  }
}

t.test('sessions of runs on the record go, those of other people stay', async (t) => {
  const { rollout, run, pass, rows, kept, put, look, sources } = setUpSessions(t)
  const [mine, others] = [rollout(ONE), rollout(TWO)]
  put('.codex/sessions/2026/01/02/notes.txt')
  put('.codex/state.sqlite')
  run('a', ONE)
  // Of another agent, by the same id.
  run('b', TWO, { agent: 'claude' })
  t.strictSame(await kept(), { [ONE]: null })
  const seen = await look({ sources })
  t.match(seen.shares[1], { source: { name: 'sessions of codex' }, bytes: 1000 })
  await pass()
  t.notOk(existsSync(mine))
  t.ok(existsSync(others))
  t.same(rows(), [])
})

t.test('what may be resumed, and what somebody else used, stays', async (t) => {
  const { rollout, run, kept, put, ledger, intentOf, look, source } = setUpSessions(t)
  const [, later] = [rollout(ONE), rollout(TWO)]
  rollout(THREE)
  run('a', ONE)
  run('b', TWO)
  const since = new Date(Date.now() + 3_600_000)
  utimesSync(later, since, since)
  // It was there before its first run on the record.
  run('c', THREE, { ageMs: NOW - Date.now() - 3_600_000 })
  t.strictSame(await kept(), { [ONE]: null, [TWO]: 'in_use', [THREE]: 'in_use' })
  put(`.codex/sessions/2026/01/02/rollout-x-${idOf(4)}.jsonl`)
  run('d', idOf(4))
  ledger.begin(intentOf('e', { session: idOf(4) }))
  run('f', ONE)
  t.match(await kept(), { [idOf(4)]: 'live', [ONE]: null })
  const early = await look({ sources: [source], now: () => Date.now() + DAY_MS })
  t.match(
    early.shares[0]?.remnants.find(({ session }) => session?.id === ONE),
    { kept: 'resumable', runId: 'f' },
  )
})

t.test('a session is remembered when retention removed its runs, until it is gone', async (t) => {
  const { rollout, run, pass, ledger, kept } = setUpSessions(t)
  const file = rollout(ONE)
  run('a', ONE)
  run('b', ONE)
  ledger.remove('a')
  t.match(ledger.leftSessions(), [{ agent: 'codex', sessionId: ONE }])
  ledger.remove('b')
  t.strictSame(await kept(), { [ONE]: null })
  run('c', ONE)
  t.strictSame(await kept(), { [ONE]: null }, 'together with what is still there')
  ledger.remove('c')
  await pass()
  t.notOk(existsSync(file))
  t.same(ledger.leftSessions(), [])
})

t.test('of very many sessions the last ones are remembered', async (t) => {
  const { run, ledger, dbPath } = setUpSessions(t)
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(dbPath)
  db.exec(`INSERT INTO left_sessions WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    SELECT 'codex', 's' || i, 0, 0 FROM n`)
  db.close()
  run('a', ONE)
  ledger.remove('a')
  const left = ledger.leftSessions().map(({ sessionId }) => sessionId)
  t.equal(left.length, 10_000)
  t.ok(left.includes(ONE))
  t.notOk(left.includes('s1'))
})

t.test('ids that are paths or patterns, and links, lead nowhere', async (t) => {
  const { home, rollout, run, pass, put, dir } = setUpSessions(t)
  const precious = put(`../precious/rollout-x-${ONE}.jsonl`)
  rollout(TWO)
  symlinkSync(path.dirname(precious), path.join(home, '.codex/sessions/2026/01/03'))
  symlinkSync(precious, path.join(home, `.codex/sessions/2026/01/02/rollout-x-${ONE}.jsonl`))
  run('a', ONE)
  run('b', '../../../precious')
  run('c', '*')
  run('d', '')
  run('e', '/etc/passwd')
  await pass()
  t.ok(existsSync(precious))
  t.equal(
    readdirSync(path.join(home, '.codex/sessions/2026/01/02')).length,
    2,
    'the link and the file of others',
  )
  t.ok(existsSync(dir))
})

t.test('what was replaced by a link, gone on with, or removed since it was measured, stays', async (t) => {
  const { home, rollout, run, look, source, ledger, intentOf, never } = setUpSessions(t)
  const now = () => Date.now() + 400 * DAY_MS
  const files = [ONE, TWO, THREE].map((id) => rollout(id))
  for (const id of [ONE, TWO, THREE]) run(id, id)
  const seen = await look({ sources: [source], now })
  const remnants = seen.shares[0]?.remnants ?? []
  const [one, two, three] = files.map((file) => remnants.find(({ what }) => what === file))
  if (!one || !two || !three) return t.fail('three are measured')
  t.equal(await source.remove({ ...one, what: '/etc/passwd' }, seen.facts, never), false)
  ledger.begin(intentOf('again', { session: ONE }))
  t.equal(await source.remove(one, seen.facts, never), false)
  const since = new Date(Date.now() + 3_600_000)
  utimesSync(files[1] ?? '', since, since)
  t.equal(await source.remove(two, seen.facts, never), false)
  // The folder of the day is another one by now.
  const day = path.join(home, '.codex/sessions/2026/01/02')
  renameSync(day, path.join(home, 'moved'))
  symlinkSync(path.join(home, 'moved'), day)
  await t.rejects(source.remove(three, seen.facts, never), { message: /leads elsewhere/ })
  t.equal(readdirSync(path.join(home, 'moved')).length, 3)
  renameSync(path.join(home, 'moved'), path.join(home, 'away'))
  t.equal(await source.remove(three, seen.facts, never), true, 'what is gone is gone')
})

t.test('all that an agent keeps of a session goes together, folders too', async (t) => {
  const { put, run, pass, home, kept } = setUpSessions(t, { ...codex, ...claude })
  const of = (id: string) => [
    put(`.claude/projects/-repo/${id}.jsonl`),
    put(`.claude/projects/-repo/${id}/subagents/deep/one.jsonl`),
    put(`.claude/file-history/${id}/a@v1`),
    put(`.claude/session-env/${id}/hook.sh`),
    put(`.claude/tasks/${id}/1.json`),
    put(`.claude/todos/${id}-agent-${id}.json`),
    put(`.claude/telemetry/1p_failed_events.${id}.${idOf(9)}.json`),
  ]
  const [mine, others] = [of(ONE), of(TWO)]
  put('.claude/settings.json')
  put('.claude/projects/-repo/memory/MEMORY.md')
  run('a', ONE, { agent: 'claude' })
  t.strictSame(await kept(), { [ONE]: null })
  await pass()
  t.same(mine.filter(existsSync), [])
  t.same(others.filter(existsSync), others)
  t.notOk(existsSync(path.join(home, `.claude/projects/-repo/${ONE}`)))
  t.ok(existsSync(path.join(home, '.claude/projects/-repo/memory/MEMORY.md')))
})

t.test('places are where the environment says', async (t) => {
  const dirsOf = (agent: Pick<typeof codex, 'sessionPlaces'>, env: NodeJS.ProcessEnv) =>
    agent.sessionPlaces(env).map(({ dir }) => dir)
  t.same(dirsOf(codex, { CODEX_HOME: '/c' }), ['/c/sessions'])
  t.ok(dirsOf(codex, {}).every((dir) => path.isAbsolute(dir)))
  t.ok(dirsOf(claude, { CLAUDE_CONFIG_DIR: '/c' }).includes('/c/projects'))
  t.ok(dirsOf(claude, {}).every((dir) => path.isAbsolute(dir)))
  t.same(dirsOf(opencode, { XDG_DATA_HOME: '/d' }), ['/d/opencode/storage/session_diff'])
  t.same(dirsOf(opencode, { HOME: '/h' }), ['/h/.local/share/opencode/storage/session_diff'])
  t.ok(dirsOf(opencode, {}).every((dir) => path.isAbsolute(dir)))
  t.equal(opencode.sessionPlaces({})[0]?.sessionOf('ses_abc.json'), 'ses_abc')
  t.equal(opencode.sessionPlaces({})[0]?.sessionOf('ses_../x.json'), null)
  t.same(dirsOf(commandAgent('mine', { argv: ['x', '{prompt}'] }), {}), [])
})

t.test('a session below which something is mounted stays, with all that is there', async (t) => {
  const { put, run, pass, home, kept, look, source, eventsOf } = setUpSessions(t, { ...codex, ...claude })
  const own = put(`.claude/file-history/${ONE}/a@v1`)
  const at = path.join(home, `.claude/file-history/${ONE}/deep/mounted`)
  mkdirSync(at, { recursive: true })
  const disk = mountSmallDisk(t, 1, at)
  if (disk.kind === 'none') return t.plan(0, disk.why)
  const theirs = put(`.claude/file-history/${ONE}/deep/mounted/theirs`)
  const other = put(`.claude/file-history/${TWO}/a@v1`)
  run('a', ONE, { agent: 'claude' })
  run('b', TWO, { agent: 'claude' })
  t.strictSame(await kept(), { [ONE]: 'in_use', [TWO]: null })
  const { bytes } = await look({ sources: [source] })
  t.equal(bytes, 2000, 'what is mounted does not count')
  await pass()
  t.ok(existsSync(own) && existsSync(theirs))
  t.notOk(existsSync(other))
  t.same(eventsOf('disk.remove.fail'), [])
})

t.test('a mount that comes after the look keeps a session, too', async (t) => {
  const { put, run, home, sources, never, depsOf, ledger } = setUpSessions(t, { ...codex, ...claude })
  const own = put(`.claude/file-history/${ONE}/a@v1`)
  run('a', ONE, { agent: 'claude' })
  const [, source] = sources
  if (!source) return t.fail('it is there')
  const now = Date.now() + 400 * DAY_MS
  const facts = { now, resumableMs: 1, runs: ledger.remains(0, 10), liveLogs: depsOf().liveLogs() }
  const [remnant] = (await source.measure(facts)).remnants
  if (!remnant) return t.fail('it is found')
  const at = path.join(home, `.claude/file-history/${ONE}/mounted`)
  mkdirSync(at)
  const disk = mountSmallDisk(t, 1, at)
  if (disk.kind === 'none') return t.plan(0, disk.why)
  t.equal(await source.remove(remnant, facts, never), false)
  t.ok(existsSync(own))
})

t.test(
  "what only looks like a session of a run is nobody's: pipes, links, and names of others",
  async (t) => {
    const { put, run, pass, home, kept, rollout } = setUpSessions(t)
    const day = path.join(home, '.codex/sessions/2026/01/02')
    const mine = rollout(ONE)
    const outside = put('elsewhere/kept.jsonl')
    const pipe = path.join(day, `rollout-2026-01-02T03-04-05-${TWO}.jsonl`)
    execFileSync('mkfifo', [pipe])
    const link = path.join(day, `rollout-2026-01-02T03-04-06-${ONE}.jsonl`)
    symlinkSync(outside, link)
    const others = ['notes.txt', `${ONE}.jsonl.bak`, `copy-of-rollout-${ONE}`, 'rollout-.jsonl'].map((name) =>
      put(`.codex/sessions/2026/01/02/${name}`),
    )
    const twin = path.join(home, 'elsewhere/twin.jsonl')
    linkSync(mine, twin)
    run('a', ONE)
    run('b', TWO)
    t.strictSame(await kept(), { [ONE]: null })
    await pass()
    t.notOk(existsSync(mine))
    for (const file of [pipe, link, outside, twin, ...others]) t.ok(existsSync(file), file)
  },
)

t.test('100,000 files of others are passed by in good time', async (t) => {
  const { put, run, pass, rollout, home, rows } = setUpSessions(t)
  const mine = rollout(ONE)
  run('a', ONE)
  put('.codex/sessions/2026/01/03/notes.txt')
  const day = path.join(home, '.codex/sessions/2026/01/03')
  // As many names of one file: what counts is how many names there are.
  const file = path.join(day, 'notes.txt')
  let first = file
  for (let number = 10; number < 100_010; number++) {
    const next = path.join(day, `rollout-2026-01-03T03-04-05-${idOf(number)}.jsonl`)
    // A file has so many names at most, on most file systems.
    if (number % 30_000 === 0) {
      first = path.join(day, `other-${number}`)
      writeFileSync(first, '')
    }
    linkSync(first, next)
  }
  const began = performance.now()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await pass()
  clearInterval(timer)
  const ms = performance.now() - began
  t.comment(`${Math.round(ms)} ms, ${turns} turns of others`)
  t.ok(ms < 30_000)
  t.notOk(existsSync(mine))
  t.equal(readdirSync(day).length, 100_000 + 1 + 3)
  t.same(rows(), [])
})
