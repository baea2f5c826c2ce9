import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readCommandLine } from '../../src/cli/args.ts'
import { COMMAND_NAMES, COMMANDS, commandOf } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/failure.ts'
import { OPTIONS } from '../../src/cli/options.ts'
import { SCOPES } from '../../src/http/tokens.ts'
import { runCommand } from '../helpers/command.ts'
import { PROJECT } from '../helpers/service.ts'

const read = (file: string) => readFileSync(path.join(PROJECT, file), 'utf8')

t.test('help lists every command, and tells all about each', async (t) => {
  const { status, out } = await runCommand(['help'])
  t.equal(status, 0)
  t.equal((await runCommand(['--help'])).out, out)
  for (const [name, { about }] of Object.entries(COMMANDS)) {
    t.match(out, new RegExp(`^  ${name} .*${about}`, 'm'))
    const help = (await runCommand(['help', name])).out
    t.match(help, `Usage: looper ${name}`)
    t.equal((await runCommand([name, '-h'])).out, help)
  }
  t.match((await runCommand(['help', 'logs'])).out, /^ {2}-f, --follow {2}\S/m)
  t.match(await runCommand(['help', 'me']), { status: 2, err: /no command "me"/ })
})

t.test('no command at all shows the help aside, as wrong use', async (t) => {
  t.match(await runCommand([]), { status: 2, out: '', err: /^Usage: looper COMMAND/ })
})

t.test('the version is the package’s, and -v asks for it, as it does with node and npm', async (t) => {
  const version = `${JSON.parse(read('package.json')).version}\n`
  for (const args of [['--version'], ['-v'], ['status', '-v']]) t.equal((await runCommand(args)).out, version)
})

t.test('the help of every command has examples, which are command lines that it takes', async (t) => {
  for (const name of COMMAND_NAMES) {
    const { examples } = commandOf(name)
    const { out } = await runCommand(['help', name])
    t.match(out, '\n\nExamples:\n  ')
    t.ok(examples.length > 0)
    for (const [line] of examples) {
      t.ok(out.includes(`  ${line}`), line)
      const words = spawnSync('sh', ['-c', `looper() { printf '%s\\n' "$@"; }; ${withoutPipes(line)}`])
      const { command } = readCommandLine(words.stdout.toString().trimEnd().split('\n'))
      t.equal(command, name)
    }
  }
})

/** An example without what stands around it. */
const withoutPipes = (line: string) => line.replace(/^.*\| |^\w+=\d+ /, '').replace(/ >\S+$/, '')

t.test('what is misspelt is asked about', async (t) => {
  for (const [args, question] of [
    [['stauts'], 'no command "stauts". Did you mean "status"?'],
    [['help', 'lgos'], 'no command "lgos". Did you mean "logs"?'],
    [['run', 'x', '--worskpace', '/'], 'Unknown option \'--worskpace\'. Did you mean "--workspace"?'],
    [['--versoin'], 'Unknown option \'--versoin\'. Did you mean "--version"?'],
    [['autopoll', 'pasue'], '"looper autopoll" has no "pasue". Did you mean "pause"?'],
  ] as const) {
    const { status, err } = await runCommand(args)
    t.equal(status, 2)
    t.ok(err.startsWith(`looper: ${question}\n`) || err.startsWith(`looper: there is ${question}\n`), err)
  }
  const far = await runCommand(['x'.repeat(100_000)])
  t.notMatch(far.err, 'Did you mean')
  t.match((await runCommand(['statsu', '--json'])).out, 'Did you mean')
})

t.test('a value that an option does not take is refused with those that it takes', async (t) => {
  for (const [args, why] of [
    [
      ['runs', '--outcome', 'live,dead'],
      '--outcome cannot be "dead"\nUse one or more, separated by commas, of: live, failed, exited, ',
    ],
    [
      ['runs', '--trigger', 'cron'],
      '--trigger cannot be "cron"\nUse one of: http, hook, autopoll, tool, chat, loop.\n',
    ],
    [['runs', '--limit', '501'], '--limit cannot be "501"\nUse a whole number from 1 to 500.\n'],
    [['runs', '--limit', '1.5'], '--limit cannot be "1.5"\n'],
    [['logs', '--tail=-1'], '--tail cannot be "-1"\n'],
    [
      ['token', 'add', 'x', '--scope', 'root'],
      '--scope cannot be "root"\nUse one of: read, answer, run, admin.\n',
    ],
    [['token', 'add', 'x', '--days', '0'], '--days cannot be "0"\nUse a number from 0.001 to 36500.\n'],
    [
      ['loop', 'set', 'a', '--max-iterations', '0'],
      '--max-iterations 0 is no limit\nUse a whole number above 0, or "unlimited" where it is to end nothing.\n',
    ],
    [['loop', 'set', 'a', '--max-tokens', '1.5'], '--max-tokens cannot be "1.5"\nUse a whole number above 0'],
    [['loop', 'set', 'a', '--max-cost-usd', 'none'], '--max-cost-usd cannot be "none"\nUse a number above 0'],
    [['run', 'x', '--max-tokens', 'unlimited'], '--max-tokens cannot be "unlimited"\n'],
    [['loop', 'eat'], '"looper loop" has no "eat".'],
    [['autopoll', 'eat'], '"looper autopoll" has no "eat".\nUse one of: pause, resume, launch.\n'],
  ] as const) {
    const { status, err } = await runCommand(args)
    t.equal(status, 2)
    t.ok(err.includes(why), err)
  }
  t.strictSame(OPTIONS.scope.oneOf, SCOPES)
})

t.test('lines fit 120 columns', async (t) => {
  const texts = await Promise.all(
    [undefined, ...Object.keys(COMMANDS)].map((name) => runCommand(name ? ['help', name] : ['help'])),
  )
  for (const line of texts.flatMap(({ out }) => out.split('\n'))) t.ok(line.length <= 120, line)
})

t.test('the README leads to docs/cli.md, which names every command, option and exit status', async (t) => {
  const guide = read('docs/cli.md')
  t.match(read('README.md'), '(docs/cli.md)')
  for (const name of Object.keys(COMMANDS)) t.ok(guide.includes(`looper ${name}`), name)
  for (const name of Object.keys(OPTIONS)) t.ok(guide.includes(`--${name}`), name)
  for (const status of Object.values(EXIT)) t.ok(guide.includes(`| ${status} |`), String(status))
})

t.test('a mistake in JSON is JSON', async (t) => {
  const { status, out } = await runCommand(['runs', '--json', '--since', 'yore'])
  t.equal(status, 2)
  t.match(JSON.parse(out), { ok: false, error: '--since cannot be "yore"' })
  t.match(JSON.parse((await runCommand(['runs', '--json', '--bogus'])).out), { ok: false })
})

t.test('the token of the environment is sent, and a bad one is not shown', async (t) => {
  const { status, out, err } = await runCommand(['status'], { env: { LOOPER_API_TOKEN: 'sec\nret' } })
  t.equal(status, 2)
  t.notMatch(out + err, 'ret')
})

t.test('completion: bash offers commands, options and values', async (t) => {
  const { out } = await runCommand(['completion', 'bash'])
  const offers = (...words: string[]) => {
    const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _looper; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: PROJECT })
    t.equal(stderr, '')
    return stdout.trim().split('\n')
  }
  t.strictSame(offers('looper', 'st'), ['status', 'stop'])
  t.strictSame(offers('looper', 'run', '--p'), ['--prompt', '--prompt-file', '--plan'])
  t.strictSame(offers('looper', '--url', 'http://a', 'logs', '-'), [
    '--follow',
    '-f',
    '--transcript',
    '--verify-log',
    '--tail',
    '--since',
    '--url',
    '--json',
    '--help',
    '-h',
  ])
  t.strictSame(offers('looper', 'runs', '--trigger', 'h'), ['http', 'hook'])
  t.strictSame(offers('looper', 'run', '--prompt', ''), [''])
  t.strictSame(offers('looper', 'run', '--prompt-file', 'REA'), [''], 'files are left to the shell')
  t.strictSame(offers('looper', 'runs', '--trigger', '=', 'h'), ['http', 'hook'])
  t.strictSame(offers('looper', 'runs', '--trigger', '='), [
    'http',
    'hook',
    'autopoll',
    'tool',
    'chat',
    'loop',
  ])
  t.strictSame(offers('looper', 'token', ''), [
    ...['add', 'list', 'revoke', '--scope', '--days', '--file', '--json', '--help', '-h'],
  ])
  t.strictSame(offers('looper', 'completion', ''), ['bash', 'zsh', 'fish', '--help', '-h'])
})

for (const shell of ['zsh', 'fish']) {
  t.test(`completion: ${shell} names every command and option, and ${shell} takes it`, async (t) => {
    const { out } = await runCommand(['completion', shell])
    for (const name of Object.keys(COMMANDS)) t.match(out, name)
    for (const name of Object.keys(OPTIONS)) t.match(out, shell === 'zsh' ? `--${name}` : `-l ${name}`)
    // From a file: fish reads no script from the socket that Node gives as stdin.
    const script = path.join(t.testdir({ script: out }), 'script')
    const { error, status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
    if (error) t.comment(`${shell} is not installed here: its syntax is not tried`)
    else t.strictSame([status, stderr], [0, ''])
  })
}

t.test('completion: zsh takes a value behind a = as well, and asks for agents and runs', async (t) => {
  const { out } = await runCommand(['completion', 'zsh'])
  t.match(out, / --agent='\[[^\]]+\]:NAME:_looper_agents' /)
  t.match(out, / --resume='\[[^\]]+\]:ID:_looper_runs' /)
  t.match(out, / --workspace='\[[^\]]+\]:DIR:_directories' /)
  t.match(out, / --transcript'\[/)
  for (const what of ['runs', 'live', 'agents', 'loops']) t.match(out, `_looper_${what}() {`)
  t.match(out, / '1:word:\(new set [^)]*\)' '2:loops:_looper_loops' ;;/)
})

t.test('completion: another shell is refused', async (t) => {
  t.match(await runCommand(['completion', 'tcsh']), {
    status: 2,
    err: /no completion for "tcsh"\nUse one of: bash, zsh, fish/,
  })
})
