import { statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { isDirectory, isFile, makeDirectory, makeWritable } from '../../src/base/files.ts'

const dir = t.testdir({ file: 'text', folder: {}, loop: t.fixture('symlink', 'loop') })
const at = (name: string) => path.join(dir, name)

t.test('a directory is one, a file is one, and neither is the other', async (t) => {
  t.equal(isDirectory(dir), true)
  t.equal(isFile(dir), false)
  t.equal(isDirectory(at('file')), false)
  t.equal(isFile(at('file')), true)
})

t.test('what cannot be looked at counts as not there', async (t) => {
  for (const name of ['absent', 'file/below', 'loop', 'x'.repeat(300), 'x/'.repeat(4000), 'nul\0']) {
    t.equal(isDirectory(at(name)), false, `no directory: ${JSON.stringify(name.slice(0, 20))}`)
    t.equal(isFile(at(name)), false, `no file: ${JSON.stringify(name.slice(0, 20))}`)
  }
})

t.test('directories are made with those above them; what is there already is no matter', async (t) => {
  const deep = path.join(t.testdir({}), 'a/b/c')
  makeDirectory(deep, 0o700)
  t.equal(statSync(deep).mode & 0o777, 0o700)
  makeDirectory(deep)
  // What is there the second time one looks, as when somebody else is quicker, is no matter, either.
  makeDirectory(`${deep}/d/.`)
  makeWritable(deep)
  t.equal(statSync(deep).mode & 0o777, 0o700)
})

t.test('a directory that nobody can make is an error at once', async (t) => {
  const dir = t.testdir({ file: '', dangling: t.fixture('symlink', 'nowhere') })
  t.throws(() => makeDirectory(path.join(dir, 'file/below')), { code: 'EEXIST' })
  t.throws(() => makeDirectory(path.join(dir, 'file')), {
    code: 'EEXIST',
    message: `${path.join(dir, 'file')} exists and is not a directory`,
  })
  t.throws(() => makeDirectory(path.join(dir, 'dangling/below')), { code: 'EEXIST' })
  // The system says ENOENT there, although the directory above is there.
  if (isDirectory('/proc/self')) {
    t.throws(() => makeDirectory('/proc/looper/logs'), { code: 'ENOENT' })
    t.throws(() => makeWritable('/proc/self/looper/deep/logs'), { code: 'ENOENT' })
  }
})
