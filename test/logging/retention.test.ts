import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { removeOldRunLogs } from '../../src/logging/retention.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 5, 15)
const nameOf = (id: string) => `codex-exec-20260102-030405-${id}.log`

/** A directory, and a way to put files of an age into it. */
function setUp(test: Test) {
  const dir = test.testdir()
  const put = (name: string, ageMs: number) => {
    const file = path.join(dir, name)
    writeFileSync(file, 'text')
    utimesSync(file, new Date(NOW - ageMs), new Date(NOW - ageMs))
    return file
  }
  const remove = (keepDays: number, live: readonly string[] = []) =>
    removeOldRunLogs({ dir, keepDays, now: NOW, live: new Set(live) })
  return { dir, put, remove, names: () => readdirSync(dir).sort() }
}

t.test('logs older than the days to keep are removed and told, younger ones stay', async (t) => {
  const { put, remove, names } = setUp(t)
  const old = [put(nameOf('00000001'), 8 * DAY_MS), put(nameOf('auto00000002'), 7 * DAY_MS + 1000)]
  put(nameOf('00000003'), 7 * DAY_MS)
  put(nameOf('00000004'), 0)
  put(nameOf('00000005'), -DAY_MS)
  t.strictSame((await remove(7)).sort(), old.sort())
  t.strictSame(
    names(),
    ['3', '4', '5'].map((n) => nameOf(`0000000${n}`)),
  )
  t.strictSame(await remove(7), [], 'the second time there is nothing to do')
})

t.test('part of a day is a time too', async (t) => {
  const { put, remove } = setUp(t)
  const old = put(nameOf('00000001'), DAY_MS)
  put(nameOf('00000002'), DAY_MS / 4)
  t.strictSame(await remove(0.5), [old])
})

t.test('with 0 days everything is kept for ever', async (t) => {
  const { put, remove, names } = setUp(t)
  put(nameOf('00000001'), 10_000 * DAY_MS)
  t.strictSame(await remove(0), [])
  t.strictSame(names(), [nameOf('00000001')])
})

t.test('the log of a live run stays, however long it was quiet', async (t) => {
  const { put, remove } = setUp(t)
  const live = put(nameOf('00000001'), 100 * DAY_MS)
  const ended = put(nameOf('00000002'), 100 * DAY_MS)
  t.strictSame(await remove(1, [live]), [ended])
})

t.test('nothing but run logs is touched', async (t) => {
  const { dir, put, remove, names } = setUp(t)
  const others = ['looper-server.log', 'notes.txt', `${nameOf('00000001')}.gz`, 'codex-exec-mine.log']
  for (const name of others) put(name, 100 * DAY_MS)
  mkdirSync(path.join(dir, nameOf('00000002')))
  symlinkSync('absent', path.join(dir, nameOf('00000003')))
  const before = names()
  const old = put(nameOf('00000004'), 100 * DAY_MS)
  t.strictSame(
    await removeOldRunLogs({ dir, keepDays: 1, now: Date.now() + 100 * DAY_MS, live: new Set() }),
    [old],
    'a directory and a dangling link of that name stand in nobody’s way',
  )
  t.strictSame(names(), before)
  t.strictSame(await remove(1), [])
})

t.test('before the first run there may be no directory, and that is no failure', async (t) => {
  const { dir } = setUp(t)
  const options = { keepDays: 1, now: NOW, live: new Set<string>() }
  t.strictSame(await removeOldRunLogs({ ...options, dir: path.join(dir, 'absent') }), [])
})

t.test('a directory that cannot be read is told', async (t) => {
  const { put } = setUp(t)
  const options = { keepDays: 1, now: NOW, live: new Set<string>() }
  await t.rejects(removeOldRunLogs({ ...options, dir: put('file', 0) }), { code: 'ENOTDIR' })
})
