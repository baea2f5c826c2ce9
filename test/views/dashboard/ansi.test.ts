import fc from 'fast-check'
import t from 'tap'
import { createAnsiReader, PLAIN, type Style, type Token } from '../../../src/views/dashboard/page/ansi.js'

const ESC = '\u001b'
const read = (...chunks: string[]): Token[] => {
  const reader = createAnsiReader()
  return chunks.flatMap((chunk) => reader.read(chunk))
}
/** What can be read of it. */
const textOf = (tokens: Token[]) =>
  tokens.map((token) => ('text' in token ? token.text : token.kind === 'newline' ? '\n' : '\r')).join('')
/** How the text behind these parameters looks, as far as it differs from plain. */
const looks = (...parameters: string[]) => {
  const [token] = read(`${parameters.map((one) => `${ESC}[${one}m`).join('')}x`)
  const style: Style = token?.kind === 'text' ? token.style : PLAIN
  return Object.fromEntries(
    Object.entries(style).filter(([name, value]) => value !== Reflect.get(PLAIN, name)),
  )
}

t.test('colours and weights are read from SGR, alone and together, and end again', async (t) => {
  t.same(looks('1'), { bold: true })
  t.same(looks('2', '3', '4', '7', '9'), {
    dim: true,
    italic: true,
    underline: true,
    inverse: true,
    strike: true,
  })
  t.same(looks('1;31;42'), { bold: true, fg: 1, bg: 2 })
  t.same(looks('95;106'), { fg: 13, bg: 14 })
  t.same(looks('21'), { underline: true })
  t.same(looks('4:3'), { underline: true })
  t.same(looks('4', '4:0'), {})
  t.same(looks('1;2;3;4;7;9;31;41', '22;23;24;27;29;39;49'), {})
  t.same(looks('1;31', '0'), {})
  t.same(looks('1;31', ''), {})
})

t.test('256 colours and true colours, with semicolons and with colons', async (t) => {
  t.same(looks('38;5;9'), { fg: 9 })
  t.same(looks('38;5;16'), { fg: '#000000' })
  t.same(looks('48;5;231;1'), { bg: '#ffffff', bold: true })
  t.same(looks('38:5:110'), { fg: '#87afd7' })
  t.same(looks('38;5;244'), { fg: '#808080' })
  t.same(looks('38;2;1;20;255;4'), { fg: '#0114ff', underline: true })
  t.same(looks('48:2::1:2:3'), { bg: '#010203' })
  t.same(looks('38;2;999;0;0'), { fg: '#ff0000' })
})

t.test('what is not a colour leaves the text without one', async (t) => {
  for (const odd of ['38;5;256', '38;5', '38;2;1;2', '38', '38;7;1', '99', '?25', '>4;1', '1 '])
    t.same(looks(odd), {}, odd)
})

t.test('every other control function is swallowed, and what it encloses is shown', async (t) => {
  for (const odd of [
    '[2J',
    '[10;20H',
    '[?1049h',
    ']0;a title\u0007',
    ']52;c;aGVsbG8=\u0007',
    `]52;c;aGVsbG8=${ESC}\\`,
    'P1$r0m\u001b\\',
    '_payload\u001b\\',
    '(B',
    'c',
    '=',
    '[1;2\u001b[3m',
    `]unfinished${ESC}[1m`,
    `[${'1;'.repeat(5000)}H`,
  ])
    t.equal(textOf(read(`a${ESC}${odd}z`)), 'az', JSON.stringify(odd))
  t.equal(textOf(read(`${ESC}]8;;https://example.test\u0007a link${ESC}]8;;\u0007`)), 'a link')
})

t.test('what progress bars are made of is told: moves, and what they erase', async (t) => {
  for (const [sequence, ...acts] of [
    ['[A', { kind: 'move', to: 'up', by: 1 }],
    ['[12B', { kind: 'move', to: 'down', by: 12 }],
    ['[0C', { kind: 'move', to: 'forward', by: 1 }],
    ['[3D', { kind: 'move', to: 'back', by: 3 }],
    ['[7G', { kind: 'move', to: 'column', by: 7 }],
    ['[2E', { kind: 'return' }, { kind: 'move', to: 'down', by: 2 }],
    ['[2F', { kind: 'return' }, { kind: 'move', to: 'up', by: 2 }],
    ['[K', { kind: 'erase', what: 'end' }],
    ['[1K', { kind: 'erase', what: 'start' }],
    ['[2K', { kind: 'erase', what: 'line' }],
    ['[0J', { kind: 'erase', what: 'below' }],
  ] as const)
    t.strictSame(read(`${ESC}${sequence}`), acts, sequence)
  t.strictSame(read('\b'), [{ kind: 'move', to: 'back', by: 1 }])
  for (const odd of ['[99999A', '[?1A', '[1;2A', '[3K', '[1J', '[2J', '[3J'])
    t.same(read(`${ESC}${odd}`), [], odd)
})

t.test('concealed text is shown all the same', async (t) => {
  t.same(looks('8'), {})
  t.equal(textOf(read(`${ESC}[8mseen${ESC}[28m`)), 'seen')
})

t.test('a sequence that is never closed hides no more than its line', async (t) => {
  for (const opener of [']0;', '[1;', 'P', '', '('])
    t.equal(textOf(read(`a${ESC}${opener}\nnext`)), 'a\nnext', opener)
})

t.test('characters without a shape get one, also those that turn the direction of text', async (t) => {
  const tokens = read('\u0000\u0007\u007f\u009b\u202e\u2066')
  t.ok(tokens.every(({ kind }) => kind === 'control'))
  t.equal(textOf(tokens), '^@^G^?<U+009B><U+202E><U+2066>')
  t.same(read('a\tb'), [{ kind: 'text', text: 'a\tb', style: PLAIN }])
})

t.test('wherever the stream is cut, the same is read', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom(
      '[1m',
      '[2A',
      '[K',
      '\b',
      '[38;5;200m',
      ']8;;x',
      '\\',
      '\u0007',
      '\n',
      '\r',
      '(B',
      ';',
      '0',
    ),
    fc.constant(ESC),
    fc.string({ maxLength: 5 }),
  )
  const merged = (tokens: Token[]) => {
    const done: Token[] = []
    for (const token of tokens) {
      const last = done.at(-1)
      if (last?.kind !== 'text' || token.kind !== 'text' || last.style !== token.style)
        done.push({ ...token })
      else last.text += token.text
    }
    return done
  }
  fc.assert(
    fc.property(fc.array(piece), fc.nat(), (pieces, at) => {
      const text = pieces.join('')
      const cut = at % (text.length + 1)
      t.strictSame(merged(read(text.slice(0, cut), text.slice(cut))), merged(read(text)))
    }),
  )
})
