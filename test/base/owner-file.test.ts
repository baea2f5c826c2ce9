import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readOwnerFile } from '../../src/base/owner-file.ts'

const TEXT = 'one = "ü 🦊"\r\ntwo\n'
const LITTLE = Buffer.from(`\ufeff${TEXT}`, 'utf16le')

t.test('a text is read as it was meant, however an editor saved it', async (t) => {
  const file = path.join(t.testdir(), 'file')
  const ways: Record<string, Buffer> = {
    'UTF-8': Buffer.from(TEXT),
    'UTF-8 with a mark': Buffer.from(`\ufeff${TEXT}`),
    'UTF-16, little end first': LITTLE,
    'UTF-16, big end first': Buffer.from(LITTLE).swap16(),
  }
  for (const [way, bytes] of Object.entries(ways)) {
    writeFileSync(file, bytes)
    t.equal(readOwnerFile(file), TEXT, way)
  }
  for (const text of ['', '\ufeff']) {
    writeFileSync(file, text)
    t.equal(readOwnerFile(file), '', 'nothing is an empty text')
  }
  writeFileSync(file, 'x'.repeat(1_000_000))
  t.equal(readOwnerFile(file).length, 1_000_000)
})

t.test('what is no text is told, by its name', async (t) => {
  const file = path.join(t.testdir(), 'file')
  const bad: Record<string, Buffer> = {
    'Latin-1': Buffer.from(TEXT, 'latin1'),
    'UTF-16 without a mark': LITTLE.subarray(2),
    'the same in the other order': Buffer.from(LITTLE).swap16().subarray(2),
    'UTF-16 that is cut off': LITTLE.subarray(0, -1),
    'the same, in the other order': Buffer.from(LITTLE).swap16().subarray(0, -1),
    'UTF-32': Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]),
    'a program': Buffer.from('7f454c460201010000000000000000000200b700', 'hex'),
    'half a character': Buffer.from('ü').subarray(0, 1),
    'half a pair': Buffer.from([0xff, 0xfe, 0x3e, 0xd8]),
  }
  for (const [what, bytes] of Object.entries(bad)) {
    writeFileSync(file, bytes)
    t.throws(
      () => readOwnerFile(file),
      { message: `${file} is not UTF-8 text; save it in that encoding` },
      what,
    )
  }
})

t.test('what is no file, or cannot be reached, is told, and never waited for', async (t) => {
  const dir = t.testdir({ folder: {}, dangling: t.fixture('symlink', 'absent') })
  const at = (name: string) => path.join(dir, name)
  t.throws(() => readOwnerFile(at('absent')), { code: 'ENOENT', message: at('absent') })
  t.throws(() => readOwnerFile(at('folder')), {
    code: 'EISDIR',
    message: `EISDIR: ${at('folder')} is a directory`,
  })
  t.throws(() => readOwnerFile(at('dangling')), { message: `${at('dangling')} is a broken symbolic link` })
  symlinkSync('folder', at('link'))
  t.throws(() => readOwnerFile(at('link')), { code: 'EISDIR' })
  if (spawnSync('mkfifo', [at('pipe')]).status === 0)
    t.throws(() => readOwnerFile(at('pipe')), {
      message: `${at('pipe')} is a pipe, which can be read only once; name a file`,
    })
  writeFileSync(at('large'), Buffer.alloc(4_194_305, 'x'))
  t.throws(() => readOwnerFile(at('large')), {
    message: `${at('large')} is larger than 4 MiB; is it the right file?`,
  })
})

t.test('a device is a file like others, but for its end', { skip: !existsSync('/dev/zero') }, async (t) => {
  t.equal(readOwnerFile('/dev/null'), '')
  t.throws(() => readOwnerFile('/dev/zero'), { message: /^\/dev\/zero is larger than 4 MiB/ })
})

const isRoot = process.getuid?.() === 0
t.test('a file that is closed to this user is told', { skip: isRoot && 'root may read all' }, async (t) => {
  const dir = t.testdir({ file: 'x' })
  mkdirSync(path.join(dir, 'folder'))
  chmodSync(path.join(dir, 'file'), 0o000)
  t.throws(() => readOwnerFile(path.join(dir, 'file')), { code: 'EACCES', message: path.join(dir, 'file') })
})
