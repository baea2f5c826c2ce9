import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/failure.ts'
import { OPTIONS } from '../../src/cli/options.ts'
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

t.test('the version is the package’s', async (t) => {
  t.equal((await runCommand(['--version'])).out, `${JSON.parse(read('package.json')).version}\n`)
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
  t.match(JSON.parse(out), { ok: false, error: '--since cannot read "yore"' })
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
    '--tail',
    '--since',
    '--url',
    '--json',
    '--help',
    '-h',
  ])
  t.strictSame(offers('looper', 'runs', '--trigger', 'h'), ['http', 'hook'])
  t.strictSame(offers('looper', 'run', '--prompt', ''), [''])
  t.ok(offers('looper', 'run', '--prompt-file', 'REA').includes('README.md'))
  t.ok(offers('looper', 'run', '--workspace', 'sr').includes('src'))
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

t.test('completion: another shell is refused', async (t) => {
  t.match(await runCommand(['completion', 'tcsh']), {
    status: 2,
    err: /no completion for "tcsh"\nGive one of bash, zsh, fish/,
  })
})
