import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  constants,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { discard, isShortage, openPlain, plainSize, readPlain } from '../../src/base/plain-file.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

t.test('a plain file is opened, read and measured', async (t) => {
  const file = path.join(t.testdir({ plain: 'text' }), 'plain')
  t.equal(readPlain(file, 9), 'text')
  t.equal(plainSize(file), 4)
  const fd = openPlain(file, constants.O_WRONLY | constants.O_APPEND)
  if (fd === null) return t.fail('it is there')
  writeSync(fd, ' and more')
  closeSync(fd)
  t.equal(readFileSync(file, 'utf8'), 'text and more')
})

t.test('of a file without end only so much is read', async (t) => {
  const file = path.join(t.testdir({ huge: 'the begin' }), 'huge')
  truncateSync(file, 8 * 1_073_741_824)
  appendFileSync(file, 'the end')
  t.equal(readPlain(file, 9), 'the begin')
  t.equal(readPlain(file, 7, 'end'), 'the end')
})

t.test('nothing else is opened, and nothing is waited for', async (t) => {
  const dir = t.testdir({ plain: 'text', directory: {} })
  const at = (name: string) => path.join(dir, name)
  execFileSync('mkfifo', [at('fifo')])
  symlinkSync(at('plain'), at('link'))
  symlinkSync(at('loop'), at('loop'))
  symlinkSync('/dev/zero', at('endless'))
  // Their names may be 107 bytes long, at most.
  process.chdir(dir)
  const server = createServer().listen('socket')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  for (const name of [
    'absent',
    'plain/below',
    'directory',
    'fifo',
    'link',
    'loop',
    'loop/below',
    'endless',
    'socket',
  ]) {
    t.equal(openPlain(at(name)), null, name)
    t.equal(openPlain(at(name), constants.O_WRONLY | constants.O_APPEND), null, name)
    t.equal(readPlain(at(name), 9), null, name)
    t.equal(plainSize(at(name)), null, name)
  }
})

t.test('what is discarded goes, if it can', async (t) => {
  const dir = t.testdir({ plain: 'text', directory: { inside: '' } })
  for (const name of ['plain', 'absent', 'directory']) discard(path.join(dir, name))
  t.same(readdirSync(dir), ['directory'])
})

t.test('what says nothing of the file is thrown', async (t) => {
  const dir = t.testdir({ plain: 'text' })
  const long = path.join(dir, 'x'.repeat(300))
  for (const look of [openPlain, (file: string) => readPlain(file, 9), plainSize])
    t.throws(() => look(long), { code: 'ENAMETOOLONG' })
  t.equal(isShortage(Object.assign(new Error(), { code: 'EACCES' })), false)
  t.equal(isShortage('ENOMEM'), false)
})

t.test(
  'no descriptors are no verdict',
  { skip: process.platform !== 'linux' && 'needs prlimit' },
  async (t) => {
    const file = path.join(t.testdir({ plain: 'text' }), 'plain')
    const restore = await exhaustDescriptors(t, process.pid)
    let error: unknown
    try {
      openPlain(file)
    } catch (thrown) {
      error = thrown
    }
    await restore()
    t.match(error, { code: 'EMFILE' })
    t.equal(isShortage(error), true)
    t.equal(readPlain(file, 9), 'text')
  },
)
