import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../../scripts/token.ts'
import { createTokenCheck } from '../../src/http/tokens.ts'
import { PROJECT } from '../helpers/service.ts'

const NOW = Date.UTC(2026, 0, 2)

/** Runs the command line with a tokens file of the test's own. */
function setUp(test: Test) {
  const dir = test.testdir({})
  const file = path.join(dir, 'tokens.json')
  const run = (args: string[], env: NodeJS.ProcessEnv = { LOOPER_TOKENS_FILE: file }) => {
    const said: string[] = []
    const complained: string[] = []
    const status = main(args, env, { projectDir: dir, home: dir }, NOW, {
      say: (line) => said.push(line),
      complain: (line) => complained.push(line),
    })
    return { status, said, complained: complained.join('\n') }
  }
  return { dir, file, run }
}

t.test('a token is made, shown once, and only its hash is kept', async (t) => {
  const { dir, file, run } = setUp(t)
  const first = run(['ci', '--scope', 'run'])
  t.equal(first.status, 0)
  const [token = ''] = first.said
  t.match(token, /^looper_[\w-]{43}$/)
  t.equal(first.said.length, 1)
  t.match(first.complained, 'Added ci (run)')
  t.notMatch(readFileSync(file, 'utf8'), token)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const second = run(['eye', '--scope', 'read', '--days', '1.5', '--file', file], {})
  const check = createTokenCheck(null, file, () => NOW, t.fail)
  t.strictSame(check.callerOf(token), { name: 'ci', scope: 'run' })
  t.strictSame(check.callerOf(second.said[0] ?? ''), { name: 'eye', scope: 'read' })
  const later = createTokenCheck(null, file, () => NOW + 1.5 * 86_400_000, t.fail)
  t.equal(later.callerOf(second.said[0] ?? ''), null, 'expired')
  t.strictSame(readdirSync(dir), ['tokens.json'], 'nothing is left beside it')
})

t.test('a setting is read as the service reads it', async (t) => {
  const { dir, run } = setUp(t)
  for (const [name, LOOPER_TOKENS_FILE] of [
    ['a', '~/tokens.json'],
    ['b', 'tokens.json'],
  ] as const)
    t.match(run([name, '--scope', 'run'], { LOOPER_TOKENS_FILE }), { status: 0 })
  t.strictSame(readdirSync(dir), ['tokens.json'])
})

t.test('wrong use is told with what is right, and changes nothing', async (t) => {
  const { file, run } = setUp(t)
  run(['ci', '--scope', 'run'])
  const before = readFileSync(file, 'utf8')
  const wrong: [string[], RegExp][] = [
    [[], /Give one NAME/],
    [['a', 'b', '--scope', 'run'], /Give one NAME/],
    [['a'], /Give --scope/],
    [['a', '--scope', 'root'], /Give --scope/],
    [['a', '--scope', 'run', '--days', 'x'], /--days takes a number above 0/],
    [['a', '--scope', 'run', '--days', '0'], /--days takes a number above 0/],
    [['a', '--scope', 'run', '--days', 'Infinity'], /--days takes a number above 0/],
    [['a', '--scope', 'run', '--days', '1e12'], /--days takes a number above 0/],
    [['ci', '--scope', 'run'], /already has a token called ci/],
    [['a b', '--scope', 'run'], /\/tokens\/1\/name/],
    [['a', '--scope', 'run', '--what'], /--what/],
  ]
  for (const [args, reason] of wrong) {
    const { status, said, complained } = run(args)
    t.equal(status, 2, args.join(' '))
    t.strictSame(said, [])
    t.match(complained, reason)
    t.match(complained, 'Usage:')
  }
  t.match(run(['a', '--scope', 'run'], {}).complained, 'set LOOPER_TOKENS_FILE')
  t.equal(readFileSync(file, 'utf8'), before)
  writeFileSync(file, '{broken')
  t.match(run(['a', '--scope', 'run']).complained, 'is not JSON')
  t.equal(readFileSync(file, 'utf8'), '{broken')
  t.match(run(['a', '--scope', 'run', '--file', path.dirname(file)]).complained, 'EISDIR')
})

t.test('help is not a mistake', async (t) => {
  const { status, said } = setUp(t).run(['--help'])
  t.equal(status, 0)
  t.match(said, [/^Usage: npm run token/])
})

t.test('as a program it prints the token alone on its output', async (t) => {
  const { file } = setUp(t)
  const run = (args: string[]) =>
    spawnSync(process.execPath, [path.join(PROJECT, 'scripts/token.ts'), ...args, '--file', file], {
      encoding: 'utf8',
    })
  const made = run(['ci', '--scope', 'admin'])
  t.equal(made.status, 0)
  t.match(made.stdout, /^looper_[\w-]{43}\n$/)
  t.match(made.stderr, /^Added ci \(admin\)/)
  t.equal(run(['ci', '--scope', 'admin']).status, 2)
})
