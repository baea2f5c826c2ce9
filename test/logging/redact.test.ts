import t from 'tap'
import { byteRedactor, redactor } from '../../src/logging/redact.ts'

const SECRETS = ['secret', 'secret-and-more', '']
const QUOTED = ['say "friend"\\', '$& and $1']

t.test('secrets are replaced wherever they stand, the longest first', async (t) => {
  const redact = redactor(() => SECRETS)
  t.equal(redact('a secret, a secret-and-more, xsecretx'), 'a [redacted], a [redacted], x[redacted]x')
  t.equal(redact('nothing'), 'nothing')
})

t.test('secrets are found as JSON writes them, too', async (t) => {
  const redact = redactor(() => QUOTED)
  t.equal(redact(JSON.stringify({ a: 'say "friend"\\' })), '{"a":"[redacted]"}')
  t.equal(redact('say "friend"\\ $& and $1'), '[redacted] [redacted]')
})

t.test('what is too short to be a secret stays', async (t) => {
  t.equal(redactor(() => ['short'])('a short text'), 'a short text')
  t.equal(redactor(() => [])('text'), 'text')
})

t.test('a new list counts at once', async (t) => {
  let secrets = ['first-one']
  const redact = redactor(() => secrets)
  t.equal(redact('first-one, other-one'), '[redacted], other-one')
  secrets = ['first-one', 'other-one']
  t.equal(redact('first-one, other-one'), '[redacted], [redacted]')
})

t.test('bytes that hold no secret are the same bytes; what is no text stays as it is', async (t) => {
  const { clean: redact } = byteRedactor(() => ['sécret-and-more', 'sécret'])
  const harmless = Buffer.from([0xff, 0x61, 0xc3])
  t.equal(redact(harmless), harmless)
  const found = redact(Buffer.concat([harmless, Buffer.from(' sécret, sécret-and-more ü')]))
  t.same(found, Buffer.concat([harmless, Buffer.from(' [redacted], [redacted] ü')]))
  t.same(
    byteRedactor(() => QUOTED).clean(Buffer.from(JSON.stringify(QUOTED))),
    Buffer.from('["[redacted]","[redacted]"]'),
  )
})

t.test('bytes can be cut where no secret stands across, or may begin to', async (t) => {
  const { placeToCut } = byteRedactor(() => ['abcabc', 'secret-and-more', 'two\nlines', 'aaaaaaa'])
  const place = (text: string, end = text.length) => placeToCut(Buffer.from(text), end)
  t.equal(place('nothing'), 7)
  t.equal(place('a secret-and-more'), 17, 'behind a whole one')
  t.equal(place('a secret-and-mor'), 2, 'it may be one')
  t.equal(place('a secret-and-mom'), 16, 'it is none')
  t.equal(place('a s'), 2)
  t.equal(place('a secret-and-more and so on', 10), 2, 'it is one')
  t.equal(place('a secret-and-mom and so on', 10), 10)
  t.equal(place('x abcabc'), 2, 'a whole one whose end may begin another')
  t.equal(place('two\n'), 0, 'over lines')
  t.equal(place('one\ntwo\n'), 4)
  t.equal(place(`b${'a'.repeat(10_000)}`), 1, 'however many overlap')
  t.equal(place(''), 0)
  t.equal(byteRedactor(() => []).placeToCut(Buffer.from('abc'), 2), 2)
})
