import t from 'tap'
import { withoutLines } from '../../../src/triggers/loop/without-lines.ts'

t.test('what was sent is gone, what was written meanwhile stays', async (t) => {
  t.equal(withoutLines('a\nb\n', 'a\nb\n'), '')
  t.equal(withoutLines('a\nb\nc\n', 'a\nb\n'), 'c\n')
  t.equal(withoutLines('new\na\nb\n', 'a\nb\n'), 'new\n')
  t.equal(withoutLines('a\nB\nc', 'a\nb\nc'), 'B')
  t.equal(withoutLines('a\nbc', 'a\nb'), 'bc', 'a line that was gone on with is another one')
})

t.test('a line that was written twice is there once more than it was sent', async (t) => {
  t.equal(withoutLines('try again\ntry again\n', 'try again\n'), 'try again\n')
})

t.test('ends of lines are no difference, and only blank lines are nothing', async (t) => {
  t.equal(withoutLines('a\r\nb\r\nc', 'a\nb'), 'c')
  t.equal(withoutLines('a\n\n \n\n', 'a'), '')
  t.equal(withoutLines('', 'a'), '')
  t.equal(withoutLines('a', ''), 'a')
})
