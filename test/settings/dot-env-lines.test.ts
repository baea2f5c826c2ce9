import t from 'tap'
import { tellOfLines } from '../../src/settings/dot-env-lines.ts'

t.test('what Node reads as it looks is not spoken of', async (t) => {
  const text = `
# a comment with = and "
  # another
A=1
export B=2
 C = 3
D="a # b" # c
E='two
lines = more'
F="a\\nb"
G=a b=c
H=
I=""
J=\`"'\`
K=a # b
L= # nothing
M='#'
`
  t.strictSame(tellOfLines(text), [])
  t.strictSame(tellOfLines(text.replaceAll('\n', '\r\n')), [])
  t.strictSame(tellOfLines(''), [])
  t.strictSame(tellOfLines('A=1'), [])
})

t.test('lines that count for nothing are told, without what they hold', async (t) => {
  t.strictSame(tellOfLines('A=1\n\nLOOPER_PORT 3456\n  secret\nB: 2\n'), [
    'line 3 has no "=", and counts for nothing',
    'line 4 has no "=", and counts for nothing',
    'line 5 has no "=", and counts for nothing',
  ])
  t.strictSame(tellOfLines('set A=1\n"B"=2\n=3\nexport\tC=4\nA B=5\n1A=6'), [
    ...[1, 2, 3, 4, 5, 6].map((line) => `line ${line} does not begin with the name of a variable`),
  ])
})

t.test('a name that is set twice is told: the last one counts', async (t) => {
  t.strictSame(tellOfLines("A=1\nB='x\ny'\nexport A=2\nA=3"), [
    'line 4 sets A again: line 1 counts for nothing',
    'line 5 sets A again: line 4 counts for nothing',
  ])
})

t.test('a value that is cut, or takes the next line along, is told, and not shown', async (t) => {
  const odd = (line: number, name: string) =>
    `line ${line}: ${name} is not read as it looks; put its whole value in one pair of quotes`
  const wrong: [string, string[]][] = [
    ['A=secret#1', [odd(1, 'A')]],
    ['A="x"y', [odd(1, 'A')]],
    ['A="x" "y"', [odd(1, 'A')]],
    ['A="abc\nB=1', [odd(1, 'A')]],
    ["A='it''s'", [odd(1, 'A')]],
    // Node takes the next line for the value of an empty one that a space follows.
    ['A= \nB=1\n', [odd(1, 'A'), odd(2, 'B')]],
    ['A=\t\nB=1\n', [odd(1, 'A'), odd(2, 'B')]],
    // Line ends of old Macs are none to Node.
    ['A=1\rB=2', [odd(1, 'A'), odd(2, 'B')]],
  ]
  for (const [text, told] of wrong) t.strictSame(tellOfLines(text), told, JSON.stringify(text))
  t.strictSame(
    tellOfLines('A=x#y\nA=z'),
    ['line 2 sets A again: line 1 counts for nothing'],
    'only what counts',
  )
})
