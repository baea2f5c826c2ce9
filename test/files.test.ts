import path from 'node:path'
import t from 'tap'
import { isDirectory, isFile } from '../src/files.ts'

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
