import t from 'tap'
import { NAME_LENGTH, nameOf } from '../../src/runs/run-name.ts'

const ESC = '\u001b'

t.test('a run is called by its notice, else by its prompt, else by its request', async (t) => {
  t.equal(nameOf('Nightly fix\nwith more below', 'Fix it', 'abc12345'), 'Nightly fix')
  t.equal(nameOf(null, 'Fix the build.\nThen test.', 'abc12345'), 'Fix the build.')
  t.equal(nameOf(null, null, 'abc12345'), 'abc12345')
})

t.test('lines in which there is nothing to see are passed over', async (t) => {
  const unseen = [
    '',
    '   \t',
    '\u00a0\u3000',
    '\u200b\u200d\u2060',
    '\u3164\u2800',
    '\u202e',
    `${ESC}[31m${ESC}[0m`,
  ]
  for (const blank of unseen) {
    t.equal(nameOf(`${blank}\r\n${blank}\nthe third`, null, 'id'), 'the third', JSON.stringify(blank))
    t.equal(nameOf(blank, 'the prompt', 'id'), 'the prompt')
    t.equal(nameOf(blank, blank, 'id'), 'id')
  }
})

t.test('whatever ends a line somewhere ends the name', async (t) => {
  for (const end of ['\n', '\r', '\r\n', '\v', '\f', '\u0085', '\u2028', '\u2029']) {
    t.equal(nameOf(`one${end}two`, null, 'id'), 'one', end.charCodeAt(0).toString(16))
  }
})

t.test('nothing in a name is obeyed by a terminal or turns what stands beside it', async (t) => {
  t.equal(nameOf(`${ESC}[2J${ESC}]0;title\u0007red\tand\u0000blue`, null, 'id'), 'red and blue')
  t.equal(nameOf('user\u202egpj.exe \u2066x\u2069', null, 'id'), 'user gpj.exe x')
  t.equal(nameOf('a\u00adb \ufeffc', null, 'id'), 'a b c')
  t.equal(
    nameOf('family 👨‍👩‍👧, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', null, 'id'),
    'family 👨‍👩‍👧, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
  )
})

t.test('megabytes on one line are a name of a hundred characters, at once', async (t) => {
  const name = nameOf('x'.repeat(4_000_000), null, 'id')
  t.equal(name, `${'x'.repeat(NAME_LENGTH - 1)}…`)
  t.equal(nameOf('y'.repeat(NAME_LENGTH), null, 'id'), 'y'.repeat(NAME_LENGTH))
  t.equal(nameOf(`${' '.repeat(2_000_000)}late`, null, 'id'), 'late')
  t.equal(nameOf(`${'\n'.repeat(2_000_000)}later`, null, 'id'), 'later')
  // Two units each: the cut would part one.
  const faces = nameOf(`${'a'.repeat(98)}😀😀`, null, 'id')
  t.equal(faces, `${'a'.repeat(98)}…`)
  t.ok(faces.isWellFormed())
})
