import t from 'tap'
import { LOOKED_AT, patternOf } from '../../../src/agents/command/pattern.ts'

t.test('a pattern is looked for from the beginning of a line', async (t) => {
  t.equal(patternOf('session (\\S+)', 'text').exec('session abc')?.[1], 'abc')
  t.notOk(patternOf('a|b', 'text').test('xb'))
})

t.test('what is no regular expression, or not one as a whole, is told', async (t) => {
  for (const source of ['(', 'a)|(b', '[', '*'])
    t.throws(() => patternOf(source, 'text'), { message: 'the pattern for text is no regular expression' })
  t.throws(() => patternOf('x'.repeat(1001), 'text'), {
    message: 'the pattern for text is longer than 1000 characters',
  })
})

const SLOW = [
  '(a+)+$',
  '(a|aa)+$',
  '(a|aa){500}$',
  '(a?){50}b',
  '((a){1,9}b)*c',
  '(.*)*',
  '.*.*.*x',
  String.raw`(\w+\s?)+:`,
  String.raw`(a)\1+`,
  '(?=a+)b',
  '(?!a)b',
  '(?<=a)b',
  '(?<!a)b',
  String.raw`(?<x>a)\k<x>`,
  'a{2,}b{2,}c{2,}',
  String.raw`\u{61}?`.repeat(24),
  String.raw`(?:\p{L}?)`.repeat(24),
  '(?i:a+)+b',
]

t.test('a pattern that could take long is refused', async (t) => {
  for (const source of SLOW)
    t.throws(() => patternOf(source, 'text'), { message: /could take too long/ }, source)
})

const QUICK = [
  '.*session: (\\S+)',
  '(?:abc){1,20}x',
  '(?:abc){3}',
  '[+*?(]+x',
  String.raw`\(a\+\)\+`,
  '(?:, (?<cost>[\\d.]{1,12}))?',
  'a+?b',
  '(?:a|b)?c',
  '(?<a>x)(y)(z)+',
]

t.test('a pattern that is taken ends soon on every line', async (t) => {
  const lines = ['a', 'ab', '(', ' ', 'session: ', ', 1', '\ud83d\ude00'].map((text) =>
    text.repeat(LOOKED_AT).slice(0, LOOKED_AT),
  )
  for (const source of QUICK) {
    const pattern = patternOf(source, 'text')
    const start = performance.now()
    for (const line of lines) pattern.exec(line)
    t.ok(performance.now() - start < 1000, source)
  }
})
