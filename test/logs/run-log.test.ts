import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { byteRedactor } from '../../src/logging/redact.ts'
import {
  addTrailer,
  createRunLog,
  findRunLog,
  isRunLogName,
  readTail,
  readTrailer,
  runLogName,
} from '../../src/logs/run-log.ts'

const AT = new Date(2026, 0, 2, 3, 4, 5)
const HEADER = { requestId: '0a1b2c3d', workspace: '/my repo', command: "codex exec -- 'do this'" }

/** A finished log as the wrapper leaves it. */
const logOf = (output: string, trailer = '\n# codex_exec_return_code=0\n', command = HEADER.command) =>
  `# looper_request_id=${HEADER.requestId}\n# workspace=${HEADER.workspace}\n# command=${command}\n\n${output}${trailer}`

/** A file of this text. */
function fileOf(dir: string, text: string | Buffer): string {
  const file = path.join(dir, 'a.log')
  writeFileSync(file, text)
  return file
}

t.test("a log's name tells the local time and the request", async (t) => {
  t.equal(runLogName('0a1b2c3d', AT), 'codex-exec-20260102-030405-0a1b2c3d.log')
  t.equal(
    runLogName('auto0a1b2c3d', new Date(2026, 11, 31, 23, 59, 59)),
    'codex-exec-20261231-235959-auto0a1b2c3d.log',
  )
})

t.test('a workspace whose name breaks lines forges no line of the header', async (t) => {
  const workspace = '/w/a\n# codex_exec_return_code=0\nb'
  const log = await createRunLog(t.testdir(), { ...HEADER, workspace }, AT)
  const text = readFileSync(log.path, 'utf8')
  t.match(text, "\n# workspace=$'/w/a\\n# codex_exec_return_code=0\\nb'\n# command=")
  t.equal(readTrailer(log.path), null)
})

t.test('only names of that shape are run logs', async (t) => {
  for (const name of [runLogName('0a1b2c3d', AT), runLogName('auto0a1b2c3d', AT)]) {
    t.equal(isRunLogName(name), true, name)
  }
  for (const name of [
    'looper-server.log',
    'codex-exec-20260102-030405-0a1b2c3d.log.gz',
    'codex-exec-20260102-030405-.log',
    'codex-exec-2026-01-02.log',
    'my-codex-exec-20260102-030405-0a1b2c3d.log',
    'codex-exec-20260102-030405-../x.log',
    '',
  ]) {
    t.equal(isRunLogName(name), false, JSON.stringify(name))
  }
})

t.test('a new log holds the header, and belongs to its owner alone', async (t) => {
  const dir = path.join(t.testdir(), 'deep/logs')
  const log = await createRunLog(dir, { ...HEADER, workspace: '/répo' }, AT)
  const header = "# looper_request_id=0a1b2c3d\n# workspace=/répo\n# command=codex exec -- 'do this'\n\n"
  t.equal(log.path, path.join(dir, 'codex-exec-20260102-030405-0a1b2c3d.log'))
  t.equal(readFileSync(log.path, 'utf8'), header)
  t.equal(log.headerBytes, Buffer.byteLength(header))
  t.equal(statSync(log.path).mode & 0o777, 0o600)
})

t.test('a log that is there already is never written over', async (t) => {
  const dir = t.testdir({ [runLogName('0a1b2c3d', AT)]: 'precious' })
  const file = path.join(dir, runLogName('0a1b2c3d', AT))
  await t.rejects(createRunLog(dir, HEADER, AT), {
    code: 'LOOPER_LOG_UNWRITABLE',
    status: 500,
    message: `cannot write the run log ${file}: EEXIST: file already exists, open '${file}'`,
    cause: { code: 'EEXIST' },
  })
  t.equal(readFileSync(file, 'utf8'), 'precious')
})

t.test('a log directory that cannot be made is told', async (t) => {
  const dir = t.testdir({ file: 'in the way' })
  await t.rejects(createRunLog(path.join(dir, 'file/logs'), HEADER, AT), {
    code: 'LOOPER_LOG_UNWRITABLE',
    cause: { code: 'ENOTDIR' },
  })
})

t.test('the trailer tells the return code, negative for a signal', async (t) => {
  const dir = t.testdir()
  for (const code of [0, 1, 101, -2, -9, -15]) {
    t.equal(readTrailer(fileOf(dir, logOf('out\n', `\n# codex_exec_return_code=${code}\n`))), code)
  }
})

t.test('without a trailer there is no return code (yet)', async (t) => {
  const dir = t.testdir()
  for (const text of [
    '',
    logOf('', ''),
    logOf('running\n', ''),
    logOf('say # codex_exec_return_code=3\n', ''),
    logOf('# codex_exec_return_code=3 or so\n', ''),
  ]) {
    t.equal(readTrailer(fileOf(dir, text)), null, JSON.stringify(text.slice(-40)))
  }
})

t.test('a trailer may say that nobody knows the return code', async (t) => {
  const file = fileOf(t.testdir(), logOf('out\n', '\n# codex_exec_return_code=unknown\n'))
  t.equal(readTrailer(file), 'unknown')
})

t.test('the last trailer counts, also behind gigabytes of output', async (t) => {
  const dir = t.testdir()
  t.equal(readTrailer(fileOf(dir, logOf('# codex_exec_return_code=7\nmore\n'))), 0)
  t.equal(readTrailer(fileOf(dir, logOf('x'.repeat(1_000_000), '\n\n# codex_exec_return_code=-9\n'))), -9)
})

t.test('the tail is the last lines of the output, without header and trailer', async (t) => {
  const dir = t.testdir()
  t.equal(readTail(fileOf(dir, logOf('one\ntwo\nthree\n')), 2), 'two\nthree')
  t.equal(readTail(fileOf(dir, logOf('one\ntwo\nthree\n')), 20), 'one\ntwo\nthree')
  t.equal(readTail(fileOf(dir, logOf('no newline', '\n\n# codex_exec_return_code=-9\n')), 20), 'no newline')
  t.equal(readTail(fileOf(dir, logOf('still running\n', '')), 20), 'still running')
  t.equal(readTail(fileOf(dir, logOf('', '\n# codex_exec_return_code=unknown\n')), 20), '')
  t.equal(readTail(fileOf(dir, logOf('# command=mine\n')), 20), '# command=mine')
})

t.test('a log whose header is not complete has no tail', async (t) => {
  const dir = t.testdir()
  t.equal(readTail(fileOf(dir, ''), 20), '')
  t.equal(readTail(fileOf(dir, '# looper_request_id=0a1b2c3d\n# workspace=/x\n'), 20), '')
})

t.test('a command longer than the tail never gets into it', async (t) => {
  const dir = t.testdir()
  for (const length of [15_000, 16_384, 20_000, 131_072]) {
    const text = logOf('error: no\n', '\n# codex_exec_return_code=1\n', `codex '${'x'.repeat(length)}'`)
    t.equal(readTail(fileOf(dir, text), 20), 'error: no', `${length} characters`)
  }
})

t.test('of very long output the tail has no more than 16 KiB', async (t) => {
  const dir = t.testdir()
  const tail = readTail(fileOf(dir, logOf('y'.repeat(1_000_000))), 20)
  t.match(tail, /^y+$/)
  t.ok(tail.length > 16_000 && tail.length <= 16_384, `${tail.length} characters`)
})

t.test('a log that is not there, or in whose place something else stands, has no lines', async (t) => {
  const dir = t.testdir({ directory: {}, real: logOf('out\n') })
  execFileSync('mkfifo', [path.join(dir, 'fifo')])
  symlinkSync(path.join(dir, 'real'), path.join(dir, 'link'))
  symlinkSync('/dev/zero', path.join(dir, 'endless'))
  for (const name of ['absent', 'directory', 'fifo', 'link', 'endless']) {
    const file = path.join(dir, name)
    t.equal(readTrailer(file), null, name)
    t.equal(readTail(file, 20), '', name)
    t.equal(addTrailer(file, 3), false, name)
  }
  t.equal(readFileSync(path.join(dir, 'real'), 'utf8'), logOf('out\n'), 'nothing is written through a link')
  t.throws(() => readTail(path.join(dir, 'x'.repeat(300)), 20), { code: 'ENAMETOOLONG' })
})

t.test(
  'a trailer is added once, on a line of its own, and never through another name of a file',
  async (t) => {
    const dir = t.testdir()
    for (const [output, added] of [
      ['', '\n# codex_exec_return_code=3\n'],
      ['out\n', '\n# codex_exec_return_code=3\n'],
      ['out', '\n\n# codex_exec_return_code=3\n'],
      // What an agent prints is no trailer.
      ['\n# codex_exec_return_code=0\n', '\n# codex_exec_return_code=3\n'],
      ['out\n\n# codex_exec_return_code=3\n', ''],
    ] as const) {
      const file = fileOf(dir, logOf(output, ''))
      t.equal(addTrailer(file, 3), true)
      t.equal(readFileSync(file, 'utf8'), logOf(output, '') + added, JSON.stringify(output))
    }
    const lost = fileOf(dir, '')
    t.equal(addTrailer(lost, null), true)
    t.equal(readFileSync(lost, 'utf8'), '\n# codex_exec_return_code=unknown\n')
    linkSync(lost, path.join(dir, 'second'))
    t.equal(addTrailer(lost, 3), false)
  },
)

t.test('of a log whose begin was cut off, all is output', async (t) => {
  const file = fileOf(t.testdir(), 'error: no\n\n# codex_exec_return_code=1\n')
  t.equal(readTail(file, 20), 'error: no')
})

t.test('a log is found by its request, the newest first, with what its header tells', async (t) => {
  const dir = t.testdir({
    'codex-exec-20260101-000000-0a1b2c3d.log': logOf('', '', 'older'),
    'codex-exec-20260103-000000-0a1b2c3d.log': 'cut off',
    'codex-exec-20260102-000000-0a1b2c3d.log': logOf(
      '# command=printed\n',
      '',
      `codex 'ü${'x'.repeat(20_000)}'`,
    ),
    'codex-exec-20260102-000000-ffffffff.log': logOf(''),
    'codex-exec-20260104-000000-0a1b2c3d.log.gz': '',
    'codex-exec-20260105-000000-0a1b2c3d.log': {},
  })
  const command = `codex 'ü${'x'.repeat(20_000)}'`
  t.strictSame(findRunLog(dir, '0a1b2c3d'), {
    path: path.join(dir, 'codex-exec-20260102-000000-0a1b2c3d.log'),
    headerBytes: Buffer.byteLength(logOf('', '', command)),
    command,
  })
  t.equal(findRunLog(dir, '00000000'), null)
})

t.test('a tail never begins within a secret, however long the line', async (t) => {
  const dir = t.testdir()
  const secret = 'a-secret-of-this-test'
  const { clean, placeToCut } = byteRedactor(() => [secret])
  for (let shift = 0; shift <= secret.length; shift++) {
    const file = fileOf(dir, logOf(`${'x'.repeat(50_000)}${secret}${'y'.repeat(16_384 - 30 - shift)}\n`))
    const tail = String(clean(Buffer.from(readTail(file, 20, placeToCut))))
    t.match(tail, /^(x*\[redacted\])?y+$/, `${shift}`)
  }
})
