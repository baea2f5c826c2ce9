import t from 'tap'
import { createLogBuffer, findInLog, type LogBuffer } from '../../../src/views/dashboard/page/log-buffer.js'
import { isPlain } from '../../../src/views/dashboard/page/log-parts.js'

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
  const buffer = createLogBuffer(1, 3)
  for (let number = 0; number < 10; number++) buffer.push(`${number}\n`)
  t.same(texts(buffer), ['8', '9', ''])
  t.equal(buffer.first, 8)
})

t.test('long lines go earlier, but never the one that is being written', async (t) => {
  const buffer = createLogBuffer(1, 100, 10)
  buffer.push('12345\n67890\nabc')
  t.same(texts(buffer), ['67890', 'abc'])
  buffer.push('x'.repeat(50))
  t.equal(buffer.lines.length, 1)
  buffer.push('\r\u001b[Kshort\nsecond')
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
  const buffer = createLogBuffer(1, 3)
  buffer.push('Error\nerror ERROR\nnone\nan error')
  t.same(findInLog(buffer, 'Error', 10), [
    { line: 1, at: 0 },
    { line: 1, at: 6 },
    { line: 3, at: 3 },
  ])
  t.equal(findInLog(buffer, 'error', 2).length, 2)
  t.same(findInLog(buffer, 'nowhere', 2), [])
})

const ESC = '\u001b'
const shown = (...chunks: string[]) => texts(filled(...chunks)).map((text) => text.trimEnd())

t.test('progress that moves the cursor is shown as it ends', async (t) => {
  const bar = [10, 50, 100].map((done) => `\r${ESC}[Kdone ${done}%`).join('')
  t.same(shown(`before\n${bar}\nafter`), ['before', 'done 100%', 'after'])
  const layers = (...parts: string[]) => parts.map((part) => `${ESC}[2K${part}\n`).join('')
  const docker = `${layers('a: 0', 'b: 0', 'c: 0')}${ESC}[3A${layers('a: 1', 'b: 5', 'c: 0')}${ESC}[3A${layers('a: ok', 'b: ok', 'c: ok')}`
  t.same(shown(`pull\n${docker}pulled`), ['pull', 'a: ok', 'b: ok', 'c: ok', 'pulled'])
  // As log-update does: it erases its lines from below, and writes them anew.
  const again = (lines: number) => [...Array(lines).fill(`${ESC}[2K${ESC}[1A`), `${ESC}[2K${ESC}[G`].join('')
  t.same(shown(`one\ntwo\n${again(2)}1\n2\n3\n`), ['1', '2', '3', ''])
  t.same(shown(`a\nb\nc\n${ESC}[3A${ESC}[Jz\n`), ['z', ''])
  t.same(shown('wheel |\b/\b-\b+'), ['wheel +'])
  t.same(shown(`12345${ESC}[3Dx${ESC}[2Cy${ESC}[1Gz`), ['z2x45y'])
  t.same(shown(`12345${ESC}[2D${ESC}[1K`), ['   45'])
  t.same(shown('what was\rwhat is'), ['what iss'], 'what is not written over stays, as in a terminal')
})

t.test('what is written over keeps its looks, its count and its number', async (t) => {
  const buffer = filled(`x\n${ESC}[31mred\n${ESC}[0mblue\n${ESC}[2A${ESC}[1Cu`, `\n${ESC}[32mB`)
  t.same(
    buffer.lines.map(({ parts }) => parts.map(({ text }) => text)),
    [['x'], ['r', 'u', 'd'], ['B', 'lue'], []],
  )
  t.same(
    buffer.lines.map(({ overwrites }) => overwrites),
    [0, 1, 1, 0],
  )
  t.same(
    buffer.lines.map(({ number, last }) => [number, last]),
    [
      [1, 1],
      [2, 4],
      [3, 5],
      [4, 4],
    ],
  )
  buffer.push('\nnext')
  t.match(buffer.lines.at(-1), { number: 6, text: 'next' })
  t.same([1, 2, 3, 4, 5, 6, 7].map(buffer.indexOf), [0, 1, 2, 1, 2, 3, 3], 'any line is found where it went')
})

t.test('no output reaches further up than a terminal could', async (t) => {
  const many = Array.from({ length: 500 }, (_, index) => `line ${index + 1}\n`).join('')
  const lines = shown(`${many}${ESC}[9999Aover${ESC}[9999A${ESC}[J`)
  t.equal(lines[300], 'line 301')
  t.equal(lines.length, 302)
  t.equal(filled(`${ESC}[9999C${ESC}[9999C${ESC}[9999Cx`).lines[0]?.text.length, 10_000)
})

t.test('it is told what has changed, so that only this is drawn', async (t) => {
  const buffer = filled('a\nb\nc\n')
  t.equal(buffer.takeChanged(), 0)
  buffer.push('d')
  t.equal(buffer.takeChanged(), 3)
  buffer.push(`${ESC}[2Ax`)
  t.equal(buffer.takeChanged(), 1)
  t.equal(buffer.takeChanged(), Number.POSITIVE_INFINITY)
})

t.test('earlier lines can be put before, and the last ones go for them', async (t) => {
  const buffer = createLogBuffer(101, 6)
  buffer.push('101\n102\n103\n104\n')
  const earlier = createLogBuffer(99)
  earlier.push('99\n100')
  t.notOk(buffer.isFull)
  t.ok(buffer.prepend(earlier.lines))
  t.same(texts(buffer), ['99', '100', '101', '102', '103', '104', ''])
  t.equal(buffer.first, -2)
  t.equal(buffer.current, 105, 'and it is known where they went')
  t.equal(buffer.indexOf(100), -1)
  t.notOk(createLogBuffer(1).dropLast())
})

t.test('a part that somebody reads loses nothing, but is full', async (t) => {
  const buffer = createLogBuffer(1, 3)
  buffer.push('1\n2\n3\n4\n', true)
  t.equal(buffer.first, 0)
  t.ok(buffer.isFull)
})

t.test('a search can heed case', async (t) => {
  t.equal(findInLog(filled('Error error'), 'Error', 10, true).length, 1)
})

t.test('the cursor goes down as it went up, and what is before the first line is nowhere', async (t) => {
  t.same(
    texts(filled('one\ntwo\nthree', '\u001b[2A\r1\u001b[1B\r2'))
      .slice(0, 3)
      .map((text) => text.slice(0, 1)),
    ['1', '2', 't'],
  )
  const later = createLogBuffer(10)
  later.push('ten\neleven\n')
  t.equal(later.indexOf(11), 1)
  t.equal(later.indexOf(10), 0)
  t.equal(later.indexOf(3), -1)
})
