import { execFileSync } from 'node:child_process'
import t from 'tap'
import { shellQuote } from '../../src/base/shell-quote.ts'
import { shellSplit } from '../../src/base/shell-split.ts'

/** What a shell makes of a line. */
const byShell = (line: string) => {
  const out = execFileSync('/bin/sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`])
  return out.toString().split('\0').slice(0, -1)
}

t.test('a line is split as a shell splits it', async (t) => {
  for (const line of [
    'npm test',
    '\\a \\  b\\c',
    '  npm\trun   "check all"  ',
    `a'b c'd"e f"g\\ h`,
    `'' "" x`,
    `'it'\\''s' "a \\"b\\" \\\\ \\c"`,
    'a=b {c} d#e ~f'.replace('~f', 'g~'),
    'ü 🦊',
  ])
    t.strictSame(shellSplit(line), byShell(line), line)
  t.strictSame(shellSplit(' \t'), [])
})

t.test('what is quoted comes back', async (t) => {
  const words = ['npm', 'run', "it's", 'a "b" $c `d` \\e', '', '*;|&', ' ']
  t.strictSame(shellSplit(shellQuote(words)), words)
})

t.test('what only a shell could do is refused, not taken for a word', async (t) => {
  for (const [line, char] of [
    ['make && make test', '&'],
    ['make | tee log', '|'],
    ['make; true', ';'],
    ['make >log', '>'],
    ['make <in', '<'],
    ['echo $HOME', '$'],
    ['echo "$HOME"', '$'],
    ['echo `id`', '`'],
    ['echo "`id`"', '`'],
    ['(make)', '('],
    ['ls *.ts', '*'],
    ['ls ?', '?'],
    ['ls [a]', '['],
    ['ls ~/x', '~'],
    ['make # all', '#'],
    ['make\ntrue', 'a line break'],
  ] as const)
    t.throws(() => shellSplit(line), {
      message: `${char} is for shells, and no shell runs it; quote it, or put the commands in a script`,
    })
  t.throws(() => shellSplit("a 'b"), { message: "a ' is not closed" })
  t.throws(() => shellSplit('a "b'), { message: 'a " is not closed' })
  t.throws(() => shellSplit('a\\'), { message: 'nothing follows its last backslash' })
})
