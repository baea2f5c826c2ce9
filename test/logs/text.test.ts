import t from 'tap'
import { wordsOf } from '../../src/logs/text.ts'

t.test('words begin and end with a whole character, whatever the bytes are', async (t) => {
  t.equal(wordsOf(Buffer.from('🦊 fox 🦊').subarray(1, -1).toString('latin1')), ' fox ')
  t.match(wordsOf('\x80\x80\x80\x80 no text'), / no text$/)
  t.equal(wordsOf(''), '')
})
