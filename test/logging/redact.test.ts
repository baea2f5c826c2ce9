import t from 'tap'
import { redactor } from '../../src/logging/redact.ts'

t.test('secrets are replaced wherever they stand, the longest first', async (t) => {
  const redact = redactor(['secret', 'secret-and-more', null, undefined, ''])
  t.equal(redact('a secret, a secret-and-more, xsecretx'), 'a [redacted], a [redacted], x[redacted]x')
  t.equal(redact('nothing'), 'nothing')
})

t.test('secrets are found as JSON writes them, too', async (t) => {
  const redact = redactor(['say "friend"\\', '$& and $1'])
  t.equal(redact(JSON.stringify({ a: 'say "friend"\\' })), '{"a":"[redacted]"}')
  t.equal(redact('say "friend"\\ $& and $1'), '[redacted] [redacted]')
})

t.test('what is too short to be a secret stays', async (t) => {
  t.equal(redactor(['short'])('a short text'), 'a short text')
  t.equal(redactor([])('text'), 'text')
})
