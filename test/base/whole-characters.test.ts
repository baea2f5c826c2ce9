import t from 'tap'
import { wholeCharacters } from '../../src/base/whole-characters.ts'

t.test('a character whose rest may still come waits; what is broken does not', async (t) => {
  for (const char of ['a', 'ü', '€', '🦊']) {
    const bytes = Buffer.from(`x${char}`)
    t.equal(wholeCharacters(bytes), bytes.length, char)
    for (let cut = 2; cut < bytes.length; cut++) t.equal(wholeCharacters(bytes.subarray(0, cut)), 1, char)
  }
  t.equal(wholeCharacters(Buffer.from([0xc3])), 0)
  t.equal(wholeCharacters(Buffer.alloc(0)), 0)
  t.equal(wholeCharacters(Buffer.from([0x80, 0x80])), 2)
  t.equal(wholeCharacters(Buffer.from([0x61, 0x80, 0x80, 0x80, 0x80])), 5)
  t.equal(wholeCharacters(Buffer.from([0xc3, 0xbc, 0xbc])), 3)
})
