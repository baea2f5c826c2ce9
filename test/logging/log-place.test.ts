import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { LogPlaceError, placeOf } from '../../src/logging/log-place.ts'
import { openServerLog } from '../../src/logging/server-log.ts'

const at = (test: Test, name = 'server.log') => path.join(test.testdir({}), name)

t.test('nothing, a link of its own and a plain file may be replaced', async (t) => {
  const file = at(t)
  t.strictSame(placeOf(file), { kind: 'free' })
  symlinkSync('server.log.d/server.2026-01-01.1.log', file)
  t.strictSame(placeOf(file), { kind: 'own-link' }, 'also where it leads to nothing')
  const plain = at(t, 'plain.log')
  writeFileSync(plain, '')
  t.match(placeOf(plain), { kind: 'plain-file' })
})

t.test('a device is written to, however it is reached', async (t) => {
  t.match(placeOf('/dev/null'), { kind: 'stream' })
  const file = at(t)
  symlinkSync('/dev/null', file)
  t.match(placeOf(file), { kind: 'stream' })
  const log = await openServerLog(file, 'info')
  t.equal(log.raw(Buffer.from('gone\n')), true)
  await log.close()
  t.equal(readlinkSync(file), '/dev/null')
})

t.test('everything else is refused as what it is, and stays', async (t) => {
  const dir = t.testdir({ folder: {}, 'other.log': 'kept', 'x.d': { deep: {} } })
  const links = { 'to-file': 'other.log', 'to-nothing': 'absent', 'to-itself': 'to-itself', x: 'x.d/deep/y' }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(dir, name))
  const server = createServer()
  // The path of a socket is short (unix(7)); a link to one is none that Looper made, either.
  const short = mkdtempSync(path.join(tmpdir(), 'looper-'))
  t.teardown(() => rmSync(short, { recursive: true }))
  const socket = path.join(short, 'socket')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  t.teardown(() => server.close())
  const before = readdirSync(dir)
  const kinds = {
    folder: 'a directory',
    [socket]: 'no file and nothing that takes lines',
    ...Object.fromEntries(Object.keys(links).map((name) => [name, 'a link that Looper did not make'])),
  }
  for (const [name, what] of Object.entries(kinds)) {
    const file = path.resolve(dir, name)
    const { ino } = lstatSync(file)
    await t.rejects(
      openServerLog(file, 'info'),
      { constructor: LogPlaceError, message: `${file} is ${what}, which stays as it is; name another path` },
      name,
    )
    t.equal(lstatSync(file).ino, ino, `${name} is what it was`)
  }
  t.strictSame(readdirSync(dir), before, 'nothing was made beside them')
})

t.test('a file with two names is a plain file', async (t) => {
  const dir = t.testdir({ 'one.log': 'x' })
  mkdirSync(path.join(dir, 'sub'))
  linkSync(path.join(dir, 'one.log'), path.join(dir, 'sub/two.log'))
  t.match(placeOf(path.join(dir, 'sub/two.log')), { kind: 'plain-file' })
})
