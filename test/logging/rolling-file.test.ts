import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { LogPlaceError } from '../../src/logging/log-place.ts'
import { openRollingFile } from '../../src/logging/rolling-file.ts'

const NOON = new Date(2026, 5, 15, 12).getTime()
const DAY_MS = 86_400_000

/** A log at noon of a day, with a size of 1 KiB, and what it told. */
function setUp(test: Test, content: Record<string, string> = {}, name = 'server.log') {
  const file = path.join(test.testdir({ [`${name}.d`]: content }), name)
  const told: unknown[] = []
  let now = NOON
  const rotation = { size: 1024, count: 3, now: () => now }
  return {
    file,
    told,
    rotation,
    names: () => readdirSync(`${file}.d`).sort(),
    text: (of: string) => readFileSync(path.join(`${file}.d`, of), 'utf8'),
    open: (more = {}) => openRollingFile(file, { ...rotation, ...more }, (error) => told.push(error)),
    passTime: (ms: number) => {
      now += ms
    },
  }
}

const line = (text: string) => Buffer.from(`${text}\n`)
const long = (text: string) => line(`${text} ${'x'.repeat(1100)}`)

t.test('a day that is over ends its file, also where it is not full', async (t) => {
  const { open, passTime, names, text, file } = setUp(t)
  const log = open()
  log.write(line('monday'))
  passTime(DAY_MS / 2 - 1)
  log.write(line('the last millisecond'))
  passTime(1)
  log.write(line('tuesday'))
  await log.close()
  t.strictSame(names(), ['server.2026-06-15.1.log', 'server.2026-06-16.1.log'])
  t.equal(text('server.2026-06-15.1.log'), 'monday\nthe last millisecond\n')
  t.equal(readFileSync(file, 'utf8'), 'tuesday\n')
})

t.test(
  'a pipe or a link that lies where the next file would is not waited for, and not written to',
  async (t) => {
    const { open, file, text, passTime, told } = setUp(t, {
      'server.2026-06-15.1.log': 'one\n',
      precious: 'it is',
    })
    const at = (name: string) => path.join(`${file}.d`, name)
    execFileSync('mkfifo', [at('server.2026-06-15.2.log')])
    t.throws(open, { code: 'ENXIO' })
    rmSync(at('server.2026-06-15.2.log'))
    const log = open()
    execFileSync('mkfifo', [at('server.2026-06-15.2.log')])
    symlinkSync(at('precious'), at('server.2026-06-16.1.log'))
    log.write(long('two'))
    log.write(line('three'))
    passTime(DAY_MS)
    log.write(line('four'))
    t.match(told, [{ code: 'ENXIO' }, { code: 'ELOOP' }])
    await log.close()
    t.match(text('server.2026-06-15.1.log'), /two[\s\S]*three\nfour\n$/)
    t.equal(text('precious'), 'it is')
  },
)

t.test('numbers begin anew each day, and a restart goes on in the last file of the day', async (t) => {
  const { open, names, text } = setUp(t, {
    'server.2026-06-14.7.log': 'yesterday\n',
    'server.2026-06-15.2.log': 'two\n',
    'server.2026-06-15.10.log': 'ten\n',
    'server.2026-06-15.99.txt': '',
    'server.15.99.log': '',
    'other.2026-06-15.99.log': '',
  })
  const log = open()
  log.write(line('more'))
  await log.close()
  t.equal(text('server.2026-06-15.10.log'), 'ten\nmore\n')
  t.equal(names().length, 6)
})

t.test('the oldest go, never the current one, and never what is not of the log', async (t) => {
  const { open, names, told } = setUp(t, {
    'server.2026-06-13.1.log': '',
    'server.2026-06-14.9.log': '',
    'server.2026-06-14.10.log': '',
    // From a time when the clock was wrong.
    'server.2031-01-01.1.log': '',
    'server.log.before-looper-1': '',
  })
  const log = open()
  log.write(long('one'))
  log.write(line('two'))
  await log.close()
  t.strictSame(names(), [
    'server.2026-06-15.1.log',
    'server.2026-06-15.2.log',
    'server.2031-01-01.1.log',
    'server.log.before-looper-1',
  ])
  t.strictSame(told, [])
})

t.test('any name and any directory will do', async (t) => {
  for (const name of ['a:b "c" <d>|?*.log', 'per%cent #hash.log', 'new\nline', '[x].log', '.log']) {
    const { file, told, rotation } = setUp(t)
    const odd = path.join(path.dirname(file), name, name)
    mkdirSync(path.dirname(odd))
    const log = openRollingFile(odd, rotation, (error) => told.push(error))
    for (let i = 0; i < 5; i++) log.write(long(String(i)))
    log.write(line('end'))
    t.equal(readFileSync(odd, 'utf8'), 'end\n', name)
    t.equal(readdirSync(`${odd}.d`).length, 3, name)
    await log.close()
    t.strictSame(told, [])
  }
})

t.test('what was put at the path since is not replaced, unless it is a plain file', async (t) => {
  const { open, file, told, names } = setUp(t)
  const log = open({ count: 10 })
  unlinkSync(file)
  writeFileSync(file, 'somebody else wrote this\n')
  log.write(long('one'))
  t.ok(lstatSync(file).isSymbolicLink(), 'a plain file gives way')
  t.equal(names().filter((name) => name.startsWith('server.log.before-looper-')).length, 1, 'and is kept')

  unlinkSync(file)
  symlinkSync('/dev/null', file)
  log.write(long('two'))
  t.equal(readlinkSync(file), '/dev/null')
  t.match(told, [{ message: /server\.log is no longer a file, and stays as it is$/ }])
  unlinkSync(file)
  log.write(long('three'))
  t.match(readlinkSync(file), /4\.log$/, 'the next file is linked again')
  t.equal(told.length, 1)
  await log.close()
})

t.test('a file of the owner beside the path is not removed for the link', async (t) => {
  const { open, file } = setUp(t)
  writeFileSync(`${file}.link`, 'mine')
  t.throws(() => open(), { code: 'EEXIST' })
  t.equal(readFileSync(`${file}.link`, 'utf8'), 'mine')
})

t.test('a next file that cannot be begun is told, and the old one goes on', async (t) => {
  const { open, file, told, text } = setUp(t)
  const log = open()
  renameSync(`${file}.d`, `${file}.away`)
  log.write(long('one'))
  log.write(line('two'))
  t.match(told, [{ code: 'ENOENT' }])
  t.equal(told.length, 1, 'once for as many bytes as a file has')
  rmSync(`${file}.d`, { recursive: true, force: true })
  renameSync(`${file}.away`, `${file}.d`)
  log.write(long('three'))
  log.write(line('four'))
  await log.close()
  t.match(text('server.2026-06-15.1.log'), /^one x+\ntwo\nthree x+\n$/)
  t.equal(readFileSync(file, 'utf8'), 'four\n')
})

t.test('a file system without links is named as one, whatever it says', async (t) => {
  for (const code of ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']) {
    const { open, file } = setUp(t)
    const link = () => {
      throw Object.assign(new Error(code), { code })
    }
    t.throws(() => open({ link }), {
      constructor: LogPlaceError,
      message: new RegExp(
        `lies on a file system without symbolic links \\(${code}\\).*name a path on another one`,
      ),
    })
    t.notOk(lstatSync(file, { throwIfNoEntry: false }))
  }
  const other = new Error('other')
  const { open } = setUp(t)
  t.throws(
    () =>
      open({
        link: () => {
          throw other
        },
      }),
    other,
  )
})

t.test('a directory of its files that cannot be made is an error, not a wait', async (t) => {
  const dir = t.testdir({ file: '', 'server.log.d': '' })
  const open = (name: string) =>
    openRollingFile(path.join(dir, name), { size: 1024, count: 3 }, () => undefined)
  t.throws(() => open('file/server.log'), { code: 'EEXIST' })
  t.throws(() => open('server.log'), { code: 'EEXIST' })
})
