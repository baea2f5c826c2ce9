import t from 'tap'
import { createLogBuffer, findInLog, isPlain, type LogBuffer } from '../../src/dashboard/page/log-buffer.js'

const texts = ({ lines }: LogBuffer) => lines.map(({ text }) => text)
const filled = (...chunks: string[]) => {
  const buffer = createLogBuffer()
  for (const chunk of chunks) buffer.push(chunk)
  return buffer
}

t.test('output becomes lines, however it was cut; the last one may still grow', async (t) => {
  t.same(texts(filled('one\ntw', 'o\r', '\nthree')), ['one', 'two', 'three'])
  t.same(texts(filled('end\n')), ['end', ''])
})

t.test('a part of a line has one look', async (t) => {
  const [line] = filled('a\u001b[31mb', 'c\u001b[0md\u0007').lines
  t.same(
    line?.parts.map(({ text, style }) => [text, style === 'control' ? style : style.fg]),
    [
      ['a', null],
      ['bc', 1],
      ['d', null],
      ['^G', 'control'],
    ],
  )
  t.same(line?.parts.map(isPlain), [true, false, false, false])
})

t.test('a line that is written over shows what was written last, and how often', async (t) => {
  const [line] = filled('1%\r', '50%\r100%', '\r', '\n').lines
  t.equal(line?.text, '100%')
  t.equal(line?.overwrites, 2)
  t.equal(filled('\r\rnot yet').lines[0]?.overwrites, 0)
})

t.test('only the last lines are kept, and it is known how many went', async (t) => {
  const buffer = createLogBuffer(3)
  for (let number = 0; number < 10; number++) buffer.push(`${number}\n`)
  t.same(texts(buffer), ['8', '9', ''])
  t.equal(buffer.first, 8)
})

t.test('long lines go earlier, but never the one that is being written', async (t) => {
  const buffer = createLogBuffer(100, 10)
  buffer.push('12345\n67890\nabc')
  t.same(texts(buffer), ['67890', 'abc'])
  buffer.push('x'.repeat(50))
  t.equal(buffer.lines.length, 1)
  buffer.push('\rshort\nsecond')
  t.same(texts(buffer), ['second'])
})

t.test('a line without end is continued on the next, and not a character is lost', async (t) => {
  const buffer = filled('y'.repeat(25_000))
  t.same(
    buffer.lines.map(({ text }) => text.length),
    [10_000, 10_000, 5000],
  )
})

t.test("a search finds every place, whatever its case, by the line's own number", async (t) => {
  const buffer = createLogBuffer(3)
  buffer.push('Error\nerror ERROR\nnone\nan error')
  t.same(findInLog(buffer, 'Error', 10), [
    { line: 1, at: 0 },
    { line: 1, at: 6 },
    { line: 3, at: 3 },
  ])
  t.equal(findInLog(buffer, 'error', 2).length, 2)
  t.same(findInLog(buffer, 'nowhere', 2), [])
})
