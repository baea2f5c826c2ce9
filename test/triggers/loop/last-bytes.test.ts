import t from 'tap'
import { lastBytes } from '../../../src/triggers/loop/last-bytes.ts'

const keep = (most: number, ...chunks: readonly (string | Buffer)[]) => {
  const bytes = lastBytes(most)
  for (const chunk of chunks) bytes.add(Buffer.from(chunk))
  return bytes.text()
}

t.test('what fits is kept whole', async (t) => {
  t.equal(keep(5), '')
  t.equal(keep(5, 'ab', 'cde'), 'abcde')
})

t.test('of more, the end is kept, and how much is missing is said', async (t) => {
  t.equal(keep(5, 'abcdef'), '[1 bytes cut]\nbcdef')
  t.equal(keep(5, ...'abcdefghijklmnopqrstuvwxyz'), '[21 bytes cut]\nvwxyz')
  t.equal(keep(5, 'x'.repeat(1000), 'abc'), '[998 bytes cut]\nxxabc')
})

t.test('no character is cut into two', async (t) => {
  t.equal(keep(5, 'ab😀😀'), '[6 bytes cut]\n😀')
  t.equal(keep(4, 'ü', Buffer.from([0xc3]), Buffer.from([0xbc]), 'x', 'y'), '[2 bytes cut]\nüxy')
  t.equal(keep(3, Buffer.alloc(9, 0xbf)), '[9 bytes cut]\n')
  t.equal(keep(2, Buffer.alloc(9, 0xbf)), '[9 bytes cut]\n')
  t.equal(keep(5, Buffer.alloc(9, 0xbf)), '[7 bytes cut]\n\ufffd\ufffd')
})
