import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openLedger } from '../../../src/record/ledger.ts'
import { openMemory } from '../../../src/triggers/loop/memory.ts'
import { MEMORY_TABLE } from '../../../src/triggers/loop/memory-versions.ts'

const PLAN = { owner: 'loop', migrations: [MEMORY_TABLE] }
const PERSON = { by: 'person', round: null } as const
const agentIn = (round: number) => ({ by: 'agent', round }) as const

function setUp(t: Test) {
  const root = t.testdir({})
  const ledger = openLedger(path.join(root, 'looper.db'), (message) => t.fail(message))
  t.teardown(() => ledger.close())
  const tables = ledger.tablesOf(PLAN)
  let now = 1000
  const clock = { now: () => now++ }
  const dir = path.join(root, 'loops', 'default')
  const memory = openMemory({ loop: 'default', dir, tables, clock })
  const file = (name = 'persistent') => path.join(dir, `${name}.md`)
  const edit = (text: string | Buffer, name = 'persistent') => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(file(name), text)
  }
  const all = (name: 'persistent' | 'working' = 'persistent') =>
    memory.list(name, { before: null, limit: 100 }).map(({ text, by, round }) => [text, by, round])
  return { root, dir, tables, clock, memory, file, edit, all }
}

t.test('whoever writes nothing has neither files nor rows', async (t) => {
  const { root, memory, all } = setUp(t)
  t.strictSame(memory.read('persistent', null), { text: '', bytes: 0, warning: null })
  t.strictSame(memory.write('working', '', PERSON), { text: '', bytes: 0, warning: null })
  t.strictSame(all(), [])
  t.notOk(existsSync(path.join(root, 'loops')))
})

t.test('a memory is a file of its owner, and its versions tell who wrote what and when', async (t) => {
  const { memory, dir, file, all } = setUp(t)
  memory.write('persistent', 'one\n', PERSON)
  memory.write('persistent', 'one\n', agentIn(1))
  memory.append('persistent', 'two\n\n', agentIn(2))
  memory.append('working', 'look at x', agentIn(2))
  t.equal(readFileSync(file(), 'utf8'), 'one\ntwo\n')
  t.equal(readFileSync(file('working'), 'utf8'), 'look at x\n')
  t.strictSame(readdirSync(dir), ['persistent.md', 'working.md'], 'and nothing is left beside them')
  t.equal(statSync(file()).mode & 0o777, 0o600)
  t.strictSame(all(), [
    ['one\ntwo\n', 'agent', 2],
    ['one\n', 'person', null],
  ])
  const [newest, first] = memory.list('persistent', { before: null, limit: 100 })
  t.ok(Number(newest?.at) > Number(first?.at))
  t.strictSame(memory.list('persistent', { before: Number(newest?.id), limit: 100 }), [first])
  t.strictSame(memory.list('persistent', { before: null, limit: 1 }), [newest])
})

t.test('what was edited by hand is read, is a version, and is not lost by what is added', async (t) => {
  const { memory, edit, file, all } = setUp(t)
  edit('by hand, without an end')
  t.match(memory.read('persistent', 3), { text: 'by hand, without an end', warning: null })
  memory.read('persistent', 4)
  edit('by hand again')
  memory.append('persistent', 'more', agentIn(5))
  t.equal(readFileSync(file(), 'utf8'), 'by hand again\nmore\n')
  rmSync(file())
  t.match(memory.read('persistent', 6), { text: '' })
  t.strictSame(all(), [
    ['', 'file', 6],
    ['by hand again\nmore\n', 'agent', 5],
    ['by hand again', 'file', 5],
    ['by hand, without an end', 'file', 3],
  ])
})

t.test('of the working memory only what was sent is cleared', async (t) => {
  const { memory, edit, file, all } = setUp(t)
  memory.write('working', 'try a\ntry b\n', PERSON)
  const { text: sent } = memory.read('working', 1)
  memory.append('working', 'try c', PERSON)
  memory.remove('working', sent, { by: 'loop', round: 1 })
  t.equal(readFileSync(file('working'), 'utf8'), 'try c\n')
  const { text: next } = memory.read('working', 2)
  edit('try c!\n', 'working')
  memory.remove('working', next, { by: 'loop', round: 2 })
  t.equal(readFileSync(file('working'), 'utf8'), 'try c!\n', 'what was changed meanwhile is new')
  memory.remove('working', 'try c!', { by: 'loop', round: 3 })
  memory.remove('working', 'try c!', { by: 'loop', round: 4 })
  t.equal(readFileSync(file('working'), 'utf8'), '')
  t.strictSame(all('working')[0], ['', 'loop', 3])
})

t.test('the version of any round can be restored, after a restart, too', async (t) => {
  const { memory, tables, dir, clock, file, all } = setUp(t)
  memory.write('persistent', 'zero', PERSON)
  for (const round of [1, 2, 4]) memory.write('persistent', `after ${round}`, agentIn(round))
  const again = openMemory({ loop: 'default', dir, tables, clock })
  const textAt = (round: number) => again.at('persistent', round)?.text
  t.strictSame([0, 1, 2, 3, 4, 9].map(textAt), [
    'zero',
    'after 1',
    'after 2',
    'after 2',
    'after 4',
    'after 4',
  ])
  t.equal(again.at('working', 9), null)
  again.restore(Number(again.at('persistent', 3)?.id), { by: 'person', round: 4 })
  t.equal(readFileSync(file(), 'utf8'), 'after 2')
  t.strictSame(all()[0], ['after 2', 'person', 4])
  const other = openMemory({ loop: 'other', dir: `${dir}2`, tables, clock })
  const id = Number(again.at('persistent', 1)?.id)
  for (const wrong of [() => again.restore(999, PERSON), () => other.restore(id, PERSON)])
    t.throws(wrong, { code: 'LOOPER_LOOP_MEMORY_VERSION_NOT_FOUND', status: 404 })
  t.strictSame(other.read('persistent', null).text, '')
})

t.test('its owner is warned before it is full, and then it takes no more', async (t) => {
  const { memory, file } = setUp(t)
  t.equal(memory.write('persistent', 'x'.repeat(49_152), PERSON).warning, null)
  t.equal(memory.append('persistent', 'ü', agentIn(1)).warning, 'it has 49156 of at most 65536 bytes')
  t.equal(memory.read('persistent', 1).warning, 'it has 49156 of at most 65536 bytes')
  const before = readFileSync(file(), 'utf8')
  const code = 'LOOPER_LOOP_MEMORY_TOO_LARGE'
  t.throws(() => memory.append('persistent', 'ü'.repeat(9000), agentIn(2)), { code, status: 413 })
  t.throws(() => memory.write('persistent', 'ü'.repeat(40_000), PERSON), {
    message: 'the persistent memory would have 80000 bytes, and may have 65536',
  })
  t.throws(() => memory.write('persistent', 'a\0b', PERSON), { code: 'LOOPER_FIELD_INVALID' })
  t.equal(readFileSync(file(), 'utf8'), before)
})

t.test('of a file that somebody made huge the beginning is read, and none of it is lost', async (t) => {
  const { memory, edit, file } = setUp(t)
  edit(`x${'ü'.repeat(40_000)}`)
  truncateSync(file(), 8_000_000_000)
  const { text, bytes, warning } = memory.read('persistent', 1)
  t.equal(text, `x${'ü'.repeat(32_767)}`)
  t.equal(bytes, 8_000_000_000)
  t.equal(warning, 'it has 8000000000 bytes, and only the first 65536 are sent; shorten it')
  t.throws(() => memory.append('persistent', 'more', agentIn(1)), { code: 'LOOPER_LOOP_MEMORY_TOO_LARGE' })
  t.match(memory.remove('persistent', text, { by: 'loop', round: 1 }), { warning: /^it has 8000000000/ })
  t.equal(statSync(file()).size, 8_000_000_000)
  memory.write('persistent', text, PERSON)
  t.equal(statSync(file()).size, 65_535, 'whoever writes it anew replaces it')
})

t.test('broken text and NUL are read as what agents take', async (t) => {
  const { memory, edit } = setUp(t)
  edit(Buffer.from('a\xff\0b\n', 'latin1'))
  t.equal(memory.read('persistent', 1).text, 'a\ufffd\ufffdb\n')
  t.equal(memory.append('persistent', 'c', agentIn(1)).text, 'a\ufffd\ufffdb\nc\n')
})

t.test('a link is neither read nor written through', async (t) => {
  const { root, dir, memory, file, all } = setUp(t)
  const secret = path.join(root, 'secret')
  writeFileSync(secret, 'secret')
  mkdirSync(dir, { recursive: true })
  for (const target of [secret, '/nowhere', dir]) {
    symlinkSync(target, file())
    const { text, warning } = memory.read('persistent', 1)
    t.strictSame([text, warning], ['', `cannot use ${file()}: it is not a plain file`])
    for (const wrong of [
      () => memory.write('persistent', 'x', PERSON),
      () => memory.append('persistent', 'x', PERSON),
      () => memory.remove('persistent', 'x', PERSON),
    ])
      t.throws(wrong, { code: 'LOOPER_LOOP_MEMORY_UNUSABLE', status: 409 })
    t.ok(lstatSync(file()).isSymbolicLink())
    rmSync(file())
  }
  t.equal(readFileSync(secret, 'utf8'), 'secret')
  t.strictSame(all(), [])
})

t.test('what cannot be removed is told', async (t) => {
  const { root, memory } = setUp(t)
  symlinkSync('loops', path.join(root, 'loops'))
  t.throws(() => memory.drop(), { code: 'LOOPER_LOOP_MEMORY_UNUSABLE', message: /^cannot use / })
})

t.test('where it cannot be written, nothing is on the record either', async (t) => {
  const { root, memory, file, all, dir } = setUp(t)
  writeFileSync(path.join(root, 'loops'), '')
  t.throws(() => memory.write('persistent', 'x', PERSON), { code: 'LOOPER_LOOP_MEMORY_UNUSABLE' })
  t.match(memory.read('persistent', 1), { text: '', warning: null }, 'nothing is there')
  rmSync(path.join(root, 'loops'))
  symlinkSync('loops', path.join(root, 'loops'))
  t.match(memory.read('persistent', 1), { text: '', warning: /^cannot use .*ELOOP/ })
  t.throws(() => memory.write('persistent', 'x', PERSON), { code: 'LOOPER_LOOP_MEMORY_UNUSABLE' })
  rmSync(path.join(root, 'loops'))
  mkdirSync(file(), { recursive: true })
  t.throws(() => memory.write('persistent', 'x', PERSON), {
    message: `cannot use ${file()}: it is not a plain file`,
  })
  t.strictSame(readdirSync(dir), ['persistent.md'])
  t.strictSame(all(), [])
})

t.test('where the record cannot be written, the file stays as it is', async (t) => {
  const { memory, tables, file, dir, clock } = setUp(t)
  memory.write('persistent', 'x', PERSON)
  const broken = {
    ...tables,
    change() {
      throw new Error('no room')
    },
  }
  const again = openMemory({ loop: 'default', dir, tables: broken, clock })
  t.throws(() => again.write('persistent', 'y', PERSON), { message: 'no room' })
  writeFileSync(file(), 'z')
  t.throws(() => again.read('persistent', 1), { message: 'no room' }, 'and nothing passes for read')
  t.equal(readFileSync(file(), 'utf8'), 'z')
})

t.test('the newest versions are kept', async (t) => {
  const { memory, tables } = setUp(t)
  memory.write('working', '1', agentIn(1))
  tables.change((db) => {
    const add = db.prepare(
      "INSERT INTO loop_memories (loop, memory, text, author, round, at) VALUES ('default', 'working', ?, 'agent', ?, 0)",
    )
    for (let count = 2; count <= 2001; count++) add.run(`${count}`, count)
  })
  memory.write('working', '2003', agentIn(2003))
  const versions = memory.list('working', { before: null, limit: 5000 })
  t.equal(versions.length, 2000)
  t.equal(versions.at(-1)?.text, '4')
  t.equal(memory.at('working', 3), null)
})

t.test('who wrote a version in the words of another Looper was the loop', async (t) => {
  const { memory, tables } = setUp(t)
  memory.write('persistent', 'x', PERSON)
  tables.change((db) => db.exec("UPDATE loop_memories SET author = 'somebody'"))
  t.match(memory.list('persistent', { before: null, limit: 1 }), [{ by: 'loop' }])
})
