import t from 'tap'
import { counted, grouped, linesChanged } from '../../src/base/counted.ts'

t.test('numbers are easy to read, and nouns fit them', (t) => {
  t.equal(grouped(1234567), '1,234,567')
  t.strictSame(
    [0, 1, 12345].map((n) => counted(n, 'file')),
    ['0 files', '1 file', '12,345 files'],
  )
  t.equal(linesChanged({ added: 1200, removed: 44 }), '+1,200 −44')
  t.end()
})
