import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openServerLog } from '../../src/logging/server-log.ts'
import { until } from '../helpers/service.ts'

/** Where a log lies, and what is in it. */
function setUp(test: Test, name = 'looper-server.log') {
  const file = path.join(test.testdir(), name)
  const dir = `${file}.d`
  const number = (entry: string) => Number(/\.(\d+)\.log$/.exec(entry)?.[1])
  const names = () =>
    readdirSync(dir)
      .filter((entry) => entry.endsWith('.log'))
      .sort((a, b) => number(a) - number(b))
  return {
    file,
    dir,
    names,
    /** All files in order. */
    text: () =>
      names()
        .map((entry) => readFileSync(path.join(dir, entry), 'utf8'))
        .join(''),
  }
}

const bytes = (text: string) => Buffer.from(text)

/** Keeps what is written to stderr from now on to the end of the test. */
function captureStderr(test: Test): readonly string[] {
  const told: string[] = []
  test.capture(process.stderr, 'write', (text: string) => {
    told.push(text)
    return true
  })
  return told
}

/** Rotation happens between two turns of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('events are JSON lines with a time, raw lines stand between them as they are', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'info')
  log.logger.info({ request_id: '0a1b2c3d' }, 'http.start')
  log.raw(bytes('[agent] grüße 🦊\nsecond\n'))
  log.logger.debug('below the level')
  log.logger.error({ err: new Error('as told') }, 'http.fail')
  await log.close()

  const lines = readFileSync(file, 'utf8').split('\n')
  t.equal(lines.length, 5)
  const start: unknown = JSON.parse(lines[0] ?? '')
  t.match(start, { level: 30, request_id: '0a1b2c3d', msg: 'http.start', time: /^\d{4}-.*Z$/ })
  t.strictSame(lines.slice(1, 3), ['[agent] grüße 🦊', 'second'])
  t.match(lines[3], /"msg":"http.fail"/)
  t.match(lines[3], /as told/)
})

t.test('what an agent writes like an event cannot be read as one', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'info')
  log.raw(bytes('{"level":30,"msg":"run.success"}\n{"type":"item.completed"}\n'))
  log.logger.info('run.fail')
  await log.close()
  const [forged, other, real] = readFileSync(file, 'utf8').split('\n')
  t.equal(forged, '{\\"level":30,"msg":"run.success"}')
  t.equal(other, '{"type":"item.completed"}')
  t.match(JSON.parse(real ?? ''), { level: 30, msg: 'run.fail' })
})

t.test('a line is on the disk as soon as it was written, without any flush', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'debug')
  log.raw(bytes('one\n'))
  t.equal(readFileSync(file, 'utf8'), 'one\n')
  log.logger.debug('two')
  t.match(readFileSync(file, 'utf8'), /^one\n\{.*"msg":"two"\}\n$/)
  await log.close()
})

t.test('lines of requests are written together, and in order with all others', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'info')
  const messages = () => readFileSync(file, 'utf8').match(/(?<="msg":")\w+|^raw/gm)
  log.requests.info('one')
  log.requests.info('two')
  log.requests.debug('below the level')
  t.equal(messages(), null)
  await until('they are written', () => messages() !== null)
  t.strictSame(messages(), ['one', 'two'])
  log.requests.info('three')
  log.logger.info('four')
  log.requests.info('five')
  log.raw(bytes('raw\n'))
  t.strictSame(messages(), ['one', 'two', 'three', 'four', 'five', 'raw'])
  log.requests.info('six')
  await log.close()
  t.strictSame(messages(), ['one', 'two', 'three', 'four', 'five', 'raw', 'six'])
})

t.test('lines of requests outlive an error that ends the process', async (t) => {
  const { file } = setUp(t)
  const code = `
    import { openServerLog } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/logging/server-log.ts'))}
    const log = await openServerLog(${JSON.stringify(file)}, 'info')
    log.requests.info('the last one')
    throw new Error('as told')`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code])
  t.equal(status, 1)
  t.match(String(stderr), 'as told')
  t.match(readFileSync(file, 'utf8'), 'the last one')
})

t.test('secrets are taken out of every line, and other bytes stay as they are', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'info', undefined, () => ['hunter2222'])
  log.logger.info({ said: 'hunter2222' }, 'one')
  log.requests.info({ path: '/hunter2222' }, 'two')
  log.raw(Buffer.concat([Buffer.of(0xff, 0xf0), bytes('hunter2222 ü\n')]))
  await log.close()
  const written = readFileSync(file)
  t.notMatch(String(written), 'hunter2222')
  t.ok(written.includes(Buffer.concat([Buffer.of(0xff, 0xf0), bytes('[redacted] ü\n')])))
})

t.test('the path is a relative link, so that the whole directory can be moved', async (t) => {
  const { file } = setUp(t)
  const log = await openServerLog(file, 'info')
  t.match(readlinkSync(file), /^looper-server\.log\.d\/looper-server\.\d{4}-\d\d-\d\d\.1\.log$/)
  await log.close()
})

t.test('rotation by size loses no line and tears none, and the link follows', async (t) => {
  const { file, dir, names, text } = setUp(t)
  const log = await openServerLog(file, 'info', { size: 64 * 1024, count: 10_000 })
  const TOTAL = 50_000
  let mismatches = 0
  for (let i = 0; i < TOTAL; i++) {
    if (i % 2 === 0) log.raw(bytes(`raw ${i} ${'.'.repeat(i % 40)} ü🦊\n`))
    else log.logger.info({ i }, 'event')
    if (i % 100 === 0) {
      await turn()
      log.raw(bytes(`mark ${i}\n`))
      if (!readFileSync(file, 'utf8').endsWith(`mark ${i}\n`)) mismatches++
    }
  }
  await log.close()
  t.equal(mismatches, 0, 'what is written can always be read under the path')
  t.ok(names().length > 20, `${names().length} files`)
  const modes = new Set(names().map((name) => statSync(path.join(dir, name)).mode & 0o777))
  t.same([...modes], [0o600], 'all of them for their owner only')

  const lines = text().split('\n')
  t.equal(lines.pop(), '', 'the last line is whole')
  const seen = lines
    .filter((line) => !line.startsWith('mark '))
    .map((line) =>
      Number(/^raw (\d+) \.* ü🦊$/.exec(line)?.[1] ?? /"i":(\d+),"msg":"event"\}$/.exec(line)?.[1]),
    )
  t.equal(seen.length, TOTAL)
  t.ok(
    seen.every((i, at) => i === at),
    'every line, in order',
  )
  t.equal(path.basename(readlinkSync(file)), names().at(-1), 'the link points to the last file')
  t.notOk(existsSync(`${file}.link`), 'nothing is left of replacing the link')
})

t.test('only so many files are kept, the newest, also across restarts', async (t) => {
  const { file, names, text } = setUp(t)
  const rotation = { size: 1024, count: 3 }
  for (const round of [1, 2]) {
    const log = await openServerLog(file, 'info', rotation)
    for (let i = 0; i < 50; i++) {
      log.raw(bytes(`${round} ${i} ${'x'.repeat(500)}\n`))
      await turn()
    }
    await until('the old files are gone', () => names().length === 3)
    await log.close()
  }
  t.strictSame(names().length, 3)
  t.match(text(), /^2 49 x+\n$/m)
  t.notMatch(text(), /^1 /m)
})

t.test('a restart appends to the file of before', async (t) => {
  const { file, names } = setUp(t)
  for (const line of ['before\n', 'after\n']) {
    const log = await openServerLog(file, 'info')
    log.raw(bytes(line))
    await log.close()
  }
  t.equal(readFileSync(file, 'utf8'), 'before\nafter\n')
  t.equal(names().length, 1)
})

t.test('a plain file at the path is kept aside, word for word', async (t) => {
  const { file, dir } = setUp(t)
  writeFileSync(file, "the older service's log\n")
  const log = await openServerLog(file, 'info')
  log.raw(bytes('new\n'))
  await log.close()
  t.equal(readFileSync(file, 'utf8'), 'new\n')
  t.ok(lstatSync(file).isSymbolicLink())
  const aside = readdirSync(dir).filter((name) => name.startsWith('looper-server.log.before-looper-'))
  t.equal(aside.length, 1)
  t.equal(readFileSync(path.join(dir, aside[0] ?? ''), 'utf8'), "the older service's log\n")
})

t.test('a link left by a crash is replaced, and a missing directory is made', async (t) => {
  const { file } = setUp(t, 'deep/er/server.log')
  mkdirSync(path.dirname(file), { recursive: true })
  symlinkSync('server.log.d/nowhere', file)
  symlinkSync('server.log.d/nowhere', `${file}.link`)
  const log = await openServerLog(file, 'info')
  log.raw(bytes('one\n'))
  await log.close()
  t.equal(readFileSync(file, 'utf8'), 'one\n')
})

t.test('what comes after its end is left out, and ends nobody', async (t) => {
  const { file, text } = setUp(t)
  const log = await openServerLog(file, 'info')
  log.logger.info('in time')
  await log.close()
  log.logger.info('too late')
  log.raw(bytes('too late\n'))
  t.match(text(), 'in time')
  t.notMatch(text(), 'too late')
})

t.test('names of any shape work', async (t) => {
  for (const name of ['server', 'my.server.log', 'with space.txt', 'über.log']) {
    const { file } = setUp(t, name)
    const log = await openServerLog(file, 'info', { size: 1024, count: 2 })
    for (let i = 0; i < 20; i++) {
      log.raw(bytes(`${i} ${'x'.repeat(500)}\n`))
      await turn()
    }
    log.raw(bytes('end\n'))
    t.match(readFileSync(file, 'utf8'), /end\n$/, name)
    await until(`the old files of ${name} are gone`, () => readdirSync(`${file}.d`).length === 2)
    await log.close()
  }
})

t.test('tail -F follows across rotation', { skip: process.platform !== 'linux' }, async (t) => {
  const { file, names } = setUp(t)
  const log = await openServerLog(file, 'info', { size: 1024, count: 5 })
  log.raw(bytes('one\n'))
  const tail = spawn('tail', ['-n', '+1', '-s', '0.05', '-F', file], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => tail.kill('SIGKILL'))
  let seen = ''
  tail.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8')
  })
  await until('tail shows the first line', () => seen.includes('one\n'))
  log.raw(bytes(`${'x'.repeat(2000)}\n`))
  await until('the log is rotated', () => names().length === 2)
  log.raw(bytes('two\n'))
  await until('tail shows the line behind the rotation', () => seen.includes('\ntwo\n'))
  await log.close()
})

/** Sets how large a file this process may write, as a disk does that is full and then is not. */
const limitFiles = (bytes: number | 'unlimited') =>
  spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]).status

// Node ignores this signal, but tap does not.
process.on('SIGXFSZ', () => undefined)

const noLimit = limitFiles('unlimited') === 0 ? false : 'there is no prlimit here'
t.test(
  'a full disk is told once and ends neither the service nor its close',
  { skip: noLimit },
  async (t) => {
    const { file } = setUp(t)
    const told = captureStderr(t)
    const log = await openServerLog(file, 'info')
    log.raw(bytes('before\n'))
    limitFiles(statSync(file).size)
    log.raw(bytes('one\n'))
    log.logger.info('two')
    log.raw(bytes('three\n'))
    await log.close()
    limitFiles('unlimited')
    t.strictSame(told, ['looper: cannot write the server log: EFBIG: file too large, write\n'])
  },
)

t.test(
  'what a full disk refused is written in order when there is room again',
  { skip: noLimit },
  async (t) => {
    const { file } = setUp(t)
    const told = captureStderr(t)
    const log = await openServerLog(file, 'info')
    log.raw(bytes('before\n'))
    limitFiles(12)
    try {
      t.equal(log.raw(bytes('refused in the middle\n')), false)
      t.equal(log.raw(bytes('refused\n')), false)
    } finally {
      limitFiles('unlimited')
    }
    t.equal(readFileSync(file, 'utf8'), 'before\nrefus')
    t.equal(log.raw(bytes('after\n')), true)
    t.equal(readFileSync(file, 'utf8'), 'before\nrefused in the middle\nrefused\nafter\n')
    await log.close()
    t.strictSame(told, ['looper: cannot write the server log: EFBIG: file too large, write\n'])
  },
)

t.test('a link that cannot be replaced is told, and the lines are still written', async (t) => {
  const { file, names, text } = setUp(t)
  const log = await openServerLog(file, 'info', { size: 1024, count: 5 })
  mkdirSync(`${file}.link`)
  const told = captureStderr(t)
  log.raw(bytes(`${'x'.repeat(2000)}\n`))
  await until('the log is rotated', () => names().length === 2)
  await until('it is told', () => told.length > 0)
  t.match(told[0], /^looper: cannot write the server log: .*EEXIST/)

  rmSync(`${file}.link`, { recursive: true })
  log.raw(bytes(`two ${'x'.repeat(2000)}\n`))
  await until('the log is rotated again', () => names().length === 3)
  log.raw(bytes('three\n'))
  await turn()
  t.match(readFileSync(file, 'utf8'), /three\n$/, 'the next rotation mends the link')
  await log.close()
  t.match(text(), /^x+\ntwo x+\nthree\n$/)
})

t.test('no control character reaches a terminal that shows the log', async (t) => {
  const { file, text } = setUp(t)
  const log = await openServerLog(file, 'info')
  log.logger.info({ message: 'a\u001b[31mb\u009b1mc\u2028d\u007f' }, 'notice.skipped')
  await log.close()
  t.match(text(), 'a\\u001b[31mb\\u009b1mc\\u2028d\\u007f')
  t.equal(text().split('\n').length, 2)
})
