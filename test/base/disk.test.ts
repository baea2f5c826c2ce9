import { statfsSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { checkFreeSpace, freeMb } from '../../src/base/disk.ts'

t.test('the free space is that of the file system, in whole mebibytes', async (t) => {
  const dir = t.testdir()
  const { bavail, bsize } = statfsSync(dir)
  const free = freeMb(dir)
  t.ok(Number.isInteger(free))
  t.ok(Math.abs(free - (bavail * bsize) / 1_048_576) < 4096, 'others may write meanwhile')
})

t.test('blocks are counted in fragments, where those are told', async (t) => {
  const free = (space: object) => freeMb('/x', () => ({ bavail: 1024, bsize: 1_048_576, ...space }))
  t.equal(free({ frsize: 4096 }), 4, 'as file systems in user space have them')
  t.equal(free({}), 1024, 'an older Node does not know them')
  t.equal(free({ frsize: 0 }), 1024)
})

t.test('enough space is silent; too little is refused with what is free and what is needed', async (t) => {
  const dir = t.testdir()
  t.doesNotThrow(() => checkFreeSpace(dir, 0))
  t.throws(() => checkFreeSpace(dir, Number.MAX_SAFE_INTEGER), {
    code: 'LOOPER_DISK_FULL',
    status: 507,
    message: /^only \d+ MB are free in \/.*, and 9007199254740991 are needed$/,
  })
})

t.test('a directory that is not there throws', async (t) => {
  t.throws(() => checkFreeSpace(path.join(t.testdir(), 'absent'), 0), { code: 'ENOENT' })
})
