import { spawnSync } from 'node:child_process'
import t from 'tap'
import { shellQuote } from '../../src/base/shell-quote.ts'

/** What a shell makes of a line: its words, read back byte for byte. */
function wordsOf(shell: string, line: string): string[] {
  const { stdout, stderr, status } = spawnSync(shell, ['-s'], {
    input: `set -- ${line}\nfor word do printf '%s\\0' "$word"; done\n`,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  })
  if (status !== 0) throw new Error(`${shell} failed on ${line}: ${stderr}`)
  return stdout.split('\0').slice(0, -1)
}

const isThere = (shell: string) => spawnSync(shell, ['-c', ':']).status === 0

/** Words as the name of an assertion: ASCII only, one short line. */
const shown = (argv: readonly string[]) => encodeURI(argv.join(' ')).slice(0, 60)

const PLAIN: readonly (readonly string[])[] = [
  ['codex', 'exec', '--', 'do this'],
  [''],
  ['', '', 'x', ''],
  [' ', '  two  '],
  ["it's", "'", "''", "'quoted'", "ends with '"],
  ['"', '\\', '\\\\', '\\n', '\\t', "\\'"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: meant as it stands
  ['$HOME', '$(id)', '`id`', '${x}', '$', '$$', "$'x'"],
  ['*', '?', '[a-z]', '{a,b}', '~', '~root', '!', '!!', '#', '# not a comment'],
  ['a;b', 'a&b', 'a|b', 'a>b', 'a<b', '(a)', '&&', '||'],
  ['-c', '--', '-', '--x=y', 'k=v', 'shell_environment_policy.set.LOOPER_RUN_ID=1-2'],
  ['/usr/bin/codex', '/with space/ü', 'user@host:path', '100%', 'a,b', '+1'],
  ['ü', '日本語', '🦊', 'e\u0301', '\u00a0', '\u200b'],
  ['%s', '%n', '%%', '%d\\0'],
  ['x'.repeat(100_000)],
]

const CONTROLS: readonly (readonly string[])[] = [
  ['two\nlines', '\n', '\n\n', 'ends\n', '\nbegins'],
  ['tab\there', '\t', '\r\n', '\r', '\v', '\f', '\b', '\x07'],
  ['\x1b[31mred\x1b[0m', '\x1b]52;c;eA==\x07', '\x7f', '\x01'],
  ["it's\ntwo", '"\n"', '\\\n', '\\n\n', "'\n'", '\n\\'],
  ['\x011', '\x0177', '\n0', '\t9', '\x1bx41'],
  ['\u0080', '\u009f', '\u2028', '\u2029', '\u0085'],
  ['日本\n語', '🦊\n', 'ü\u009bü', '$HOME\n', '$(id)\n`id`', '!\n#'],
  ['plain', 'with space', 'with\nnewline', ''],
]

t.test('sh reads plain words back as they were', async (t) => {
  for (const argv of PLAIN) {
    t.strictSame(wordsOf('sh', shellQuote(argv)), argv, shown(argv))
  }
})

for (const shell of ['bash', 'zsh', 'ksh'].filter(isThere)) {
  t.test(`${shell} reads words with control characters back as they were`, async (t) => {
    for (const argv of CONTROLS) t.strictSame(wordsOf(shell, shellQuote(argv)), argv, shown(argv))
  })
}

t.test(
  'every character up to U+20FF survives the way through bash',
  { skip: !isThere('bash') },
  async (t) => {
    const argv: string[] = []
    for (let code = 1; code < 0x2100; code++) argv.push(`a${String.fromCharCode(code)}1`)
    t.strictSame(wordsOf('bash', shellQuote(argv)), argv)
  },
)

t.test('random words survive, and the line never breaks', { skip: !isThere('bash') }, async (t) => {
  const alphabet = [...'ab1 \'"\\$`!*~#%&;|<>(){}[]=-\n\t\r\x01\x1b\x7f', '\u0085', '\u2028', 'ü', '🦊']
  // A small generator with a fixed seed, so that a failure can be seen again.
  let seed = 20_261
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const word = () => Array.from({ length: random(12) }, () => alphabet[random(alphabet.length)]).join('')
  const argv = Array.from({ length: 5000 }, word)
  const line = shellQuote(argv)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
  t.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  t.strictSame(wordsOf('bash', line), argv)
})

t.test('what needs no quotes gets none', async (t) => {
  t.equal(shellQuote([]), '')
  t.equal(
    shellQuote(['/usr/bin/codex', '-C', '/repo', 'k=v', 'a@b:1,2+3%']),
    '/usr/bin/codex -C /repo k=v a@b:1,2+3%',
  )
  t.equal(shellQuote(['', 'do this', "it's", "a\nb'\t\x1b"]), `'' 'do this' 'it'\\''s' $'a\\nb\\'\\t\\033'`)
})
