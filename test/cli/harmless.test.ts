import t from 'tap'
import { harmless, harmlessJson, oneLine, plain } from '../../src/cli/harmless.ts'

const safe = (text: string | Buffer, withColours = true) => {
  const filter = harmless(withColours)
  return filter.write(Buffer.from(text)) + filter.end()
}

t.test('plain text, line ends and tabs stay as they are', async (t) => {
  t.equal(safe('Grüße\t日本\r\n🎉\n'), 'Grüße\t日本\r\n🎉\n')
})

t.test('colours stay, and the terminal gets its own back at the end', async (t) => {
  t.equal(safe('\u001b[1;38:5:9mred\u001b[m'), '\u001b[1;38:5:9mred\u001b[m\u001b[0m')
  t.equal(safe('\u001b[31mred', false), 'red', 'or go, where none are wanted')
})

t.test('every other sequence is shown, not obeyed', async (t) => {
  const attacks: [string, string][] = [
    ['\u001b]52;c;aGk=\u0007', '␛]52;c;aGk=␇'],
    ['\u001b]0;title\u001b\\', '␛]0;title␛\\'],
    ['\u001b[2J\u001b[1;1H', '␛[2J␛[1;1H'],
    ['\u001b[?1049h', '␛[?1049h'],
    ['\u001b[6n', '␛[6n'],
    ['\u001bc', '␛c'],
    ['\u001bP+q\u001b\\', '␛P+q␛\\'],
    ['\u009b2J', '\ufffd2J'],
    ['a\bb\u000ec\u007f\0', 'a␈b␎c␡␀'],
    ['\u001b[31;\u001b[2Jm', '␛[31;␛[2Jm'],
    ['\u001b', '␛'],
    [`\u001b[${'1;'.repeat(40)}`, `␛[${'1;'.repeat(40)}`],
  ]
  for (const [given, shown] of attacks) t.equal(safe(given), shown, JSON.stringify(given))
})

t.test('it makes no difference where chunks are cut', async (t) => {
  const bytes = Buffer.from('ü\u001b[31mred\u001b[0m \u001b]0;x\u0007 🎉\u001b[')
  const whole = safe(bytes)
  for (let i = 0; i <= bytes.length; i++) {
    const filter = harmless(true)
    t.equal(filter.write(bytes.subarray(0, i)) + filter.write(bytes.subarray(i)) + filter.end(), whole)
  }
  const filter = harmless(true)
  let one = ''
  for (const byte of bytes) one += filter.write(Buffer.of(byte))
  t.equal(one + filter.end(), whole)
})

t.test('bytes that are no text are shown as such', async (t) => {
  t.equal(safe(Buffer.from([0x61, 0xff, 0x62])), 'a\ufffdb')
})

t.test('what turns the direction of a line is shown, not obeyed', async (t) => {
  for (const code of [0x061c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069]) {
    const turned = `a${String.fromCodePoint(code)}b`
    t.equal(safe(turned), 'a\ufffdb')
    t.equal(plain(turned), 'a\ufffdb')
    t.equal(oneLine(turned), 'a\ufffdb')
  }
  t.equal(safe('שלום, سلام'), 'שלום, سلام', 'letters of any direction stay')
})

t.test('lines from elsewhere stay lines, and none overwrites itself', async (t) => {
  t.equal(plain('a\r\nb\n\tc\rd\u001b[31m\u001b]0;x\u0007'), 'a\nb\n\tc␍d␛]0;x␇')
})

t.test('JSON means the same, and holds nothing to obey', async (t) => {
  const value = { 'a\u009b\u202e': ['\u001b[31m\u007f\n"\\', 'Grüße 日本 🎉', 1, null] }
  const text = harmlessJson(value)
  t.strictSame(JSON.parse(text), value)
  t.equal(text, '{"a\\u009b\\u202e":["\\u001b[31m\\u007f\\n\\"\\\\","Grüße 日本 🎉",1,null]}')
})

t.test('a text from elsewhere is one line without anything to obey', async (t) => {
  t.equal(oneLine('a\r\nb\tc\u2028d\u0085e\u001b[31m\u001b[2J'), 'a b c d e␛[2J')
})
