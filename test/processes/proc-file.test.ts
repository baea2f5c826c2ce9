import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { procReader } from '../../src/processes/proc-file.ts'

t.test('a file is read whole, also where it is larger than the buffer', async (t) => {
  const file = path.join(t.testdir(), 'file')
  const read = procReader(8)
  for (const size of [0, 1, 7, 8, 9, 64, 1000]) {
    writeFileSync(file, Buffer.alloc(size, 'abc'))
    t.strictSame(Buffer.from(read(file)), readFileSync(file), `${size} bytes`)
  }
})

t.test('a file that is not there is told', async (t) => {
  t.throws(() => procReader()(path.join(t.testdir(), 'absent')), { code: 'ENOENT' })
})
