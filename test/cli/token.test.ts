import { spawnSync } from 'node:child_process'
import {
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { createTokenCheck } from '../../src/http/tokens.ts'
import { type CommandOptions, runCommand } from '../helpers/command.ts'
import { PROJECT } from '../helpers/service.ts'

const NOW = Date.UTC(2026, 0, 2)
const clock = { ...systemClock, now: () => NOW }

/** Runs the command with a tokens file of the test's own. */
function setUp(test: Test) {
  const dir = test.testdir({})
  const file = path.join(dir, 'tokens.json')
  const token = (args: readonly string[], options: CommandOptions = {}) =>
    runCommand(['token', ...args], {
      env: { LOOPER_TOKENS_FILE: file },
      ...options,
      world: { clock, projectDir: dir, home: dir, ...options.world },
    })
  return { dir, file, token }
}

t.test('a token is made, shown once, and only its hash is kept', async (t) => {
  const { dir, file, token } = setUp(t)
  const first = await token(['add', 'ci', '--scope', 'run'])
  t.equal(first.status, 0)
  t.match(first.out, /^looper_[\w-]{43}\n$/, 'the secret alone is on stdout')
  t.equal(first.err, `looper: added ci (run) to ${file}; the token is not shown again\n`)
  const secret = first.out.trim()
  t.notMatch(readFileSync(file, 'utf8'), secret)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const second = await token(['add', 'eye', '--scope', 'read', '--days', '1.5', '--file', 'tokens.json'], {
    env: {},
    cwd: dir,
  })
  const check = createTokenCheck(null, file, () => NOW, t.fail)
  t.strictSame(check.callerOf(secret), { name: 'ci', scope: 'run' })
  t.strictSame(check.callerOf(second.out.trim()), { name: 'eye', scope: 'read' })
  const later = createTokenCheck(null, file, () => NOW + 1.5 * 86_400_000, t.fail)
  t.not(later.callerOf(second.out.trim())?.name, 'eye', 'expired')
  t.strictSame(readdirSync(dir), ['tokens.json'], 'nothing is left beside it')
  const { token: third, ...rest } = JSON.parse(
    (await token(['add', 'eve', '--scope', 'admin', '--days', '1', '--json'])).out,
  )
  t.strictSame(rest, { name: 'eve', scope: 'admin', expires: '2026-01-03T00:00:00.000Z' })
  t.match(third, /^looper_/)
})

t.test('tokens are listed without hashes, with what is over', async (t) => {
  const { file, token } = setUp(t)
  t.match(await token(['list']), { status: 0, out: '', err: `looper: there are no tokens in ${file}\n` })
  await token(['add', 'ci', '--scope', 'run'])
  await token(['add', 'eye', '--scope', 'read', '--days', '1'])
  const text = readFileSync(file, 'utf8').replace('2026-01-03T00:00:00.000Z', '2026-01-01')
  writeFileSync(file, text)
  t.strictSame((await token(['list'])).out.split('\n'), [
    'NAME  SCOPE  EXPIRES',
    'ci    run    never',
    'eye   read   2026-01-01 (expired)',
    '',
  ])
  t.strictSame(JSON.parse((await token(['list', '--json'])).out), {
    tokens: [
      { name: 'ci', scope: 'run', expires: null },
      { name: 'eye', scope: 'read', expires: '2026-01-01' },
    ],
  })
})

t.test('a token is taken back, and a service that runs takes it no more', async (t) => {
  const { file, token } = setUp(t)
  const [ci, eye] = [
    (await token(['add', 'ci', '--scope', 'run'])).out.trim(),
    (await token(['add', 'eye', '--scope', 'read'])).out.trim(),
  ]
  const check = createTokenCheck(null, file, () => NOW, t.fail)
  t.equal(check.callerOf(ci)?.name, 'ci')
  const { status, out, err } = await token(['revoke', 'ci'])
  t.strictSame([status, out, err], [0, '', 'looper: revoked ci; the service no longer accepts it\n'])
  t.equal(check.callerOf(ci), null)
  t.equal(check.callerOf(eye)?.name, 'eye')
  const before = readFileSync(file, 'utf8')
  t.match(await token(['revoke', 'ci']), { status: 66, err: /there is no token called ci/ })
  t.equal(readFileSync(file, 'utf8'), before)
  t.strictSame(JSON.parse((await token(['revoke', 'eye', '--json'])).out), { ok: true, name: 'eye' })
})

t.test('a setting is read as the service reads it, also from its .env', async (t) => {
  const { dir, token } = setUp(t)
  for (const [name, LOOPER_TOKENS_FILE] of [
    ['a', '~/tokens.json'],
    ['b', 'tokens.json'],
  ] as const)
    t.match(await token(['add', name, '--scope', 'run'], { env: { LOOPER_TOKENS_FILE } }), { status: 0 })
  const dotEnv = { LOOPER_TOKENS_FILE: 'tokens.json' }
  t.match((await token(['list'], { env: {}, world: { dotEnv } })).out, /^a .*\nb /m)
  t.strictSame(readdirSync(dir), ['tokens.json'])
})

t.test('wrong use is told with what is right, and changes nothing', async (t) => {
  const { file, token } = setUp(t)
  await token(['add', 'ci', '--scope', 'run'])
  const before = readFileSync(file, 'utf8')
  const wrong: [string[], number, RegExp][] = [
    [['add'], 2, /usage: looper token add NAME/],
    [['revoke'], 2, /usage: looper token revoke NAME/],
    [['list', 'ci'], 2, /usage: looper token list/],
    [['add', 'a b', '--scope', 'run'], 2, /NAME is up to 64 letters/],
    [['add', 'a', 'b'], 2, /usage: looper token add\|list\|revoke/],
    [['add', 'a'], 2, /Add --scope read, or --scope answer, or --scope run, or --scope admin/],
    [['list', '--scope', 'run'], 2, /--scope and --days only work with "looper token add"/],
    [['revoke', 'ci', '--days', '1'], 2, /--scope and --days only work with "looper token add"/],
    [
      ['add', 'ci', '--scope', 'run'],
      1,
      /there is already a token called ci\nUse another name, or revoke it/,
    ],
    [['list', '--file', path.dirname(file)], 1, /EISDIR.*\nNothing was changed/],
  ]
  for (const [args, status, why] of wrong) {
    const end = await token(args)
    t.equal(end.status, status, args.join(' '))
    t.equal(end.out, '')
    t.match(end.err, why)
  }
  t.match(await token(['list'], { env: {} }), {
    status: 2,
    err: /Add --file FILE, or set LOOPER_TOKENS_FILE/,
  })
  t.equal(readFileSync(file, 'utf8'), before)
  writeFileSync(file, '{broken')
  t.match((await token(['add', 'a', '--scope', 'run'])).err, 'is not JSON')
  t.equal(readFileSync(file, 'utf8'), '{broken')
})

t.test('of two that change the file at once one is refused, and what broke off is named', async (t) => {
  const { dir, file, token } = setUp(t)
  writeFileSync(`${file}.new`, '')
  t.match(await token(['add', 'a', '--scope', 'run']), {
    status: 1,
    err: `looper: ${file}.new exists: another command is changing the tokens; if none is, remove that file\n`,
  })
  t.strictSame(readdirSync(dir), ['tokens.json.new'])
  const nowhere = path.join(dir, 'none/tokens.json')
  t.match(await token(['add', 'a', '--scope', 'run', '--file', nowhere]), { status: 1, err: /ENOENT/ })
})

t.test('a link stays a link, and the file belongs to whom it belonged', async (t) => {
  const { dir, token } = setUp(t)
  const link = path.join(dir, 'link.json')
  await token(['add', 'a', '--scope', 'run'])
  symlinkSync('tokens.json', link)
  t.match(await token(['add', 'b', '--scope', 'run', '--file', link]), { status: 0 })
  t.ok(lstatSync(link).isSymbolicLink())
  t.match((await token(['list'])).out, /^b /m)
  if (process.geteuid?.() !== 0) return t.comment('only root can give a file away')
  chownSync(path.join(dir, 'tokens.json'), 65_534, 65_534)
  t.match(await token(['revoke', 'a']), { status: 0 })
  t.match(statSync(link), { uid: 65_534, gid: 65_534 })
})

t.test('through npm it is as short as it was', async (t) => {
  const { file } = setUp(t)
  const { scripts } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'))
  t.match(scripts.token, / bin\/looper\.js token add$/)
  const run = (args: string[]) =>
    spawnSync(process.execPath, [path.join(PROJECT, 'bin/looper.js'), 'token', ...args, '--file', file], {
      encoding: 'utf8',
    })
  const made = run(['add', 'ci', '--scope', 'admin'])
  t.equal(made.status, 0, made.stderr)
  t.match(made.stdout, /^looper_[\w-]{43}\n$/)
  t.match(made.stderr, /^looper: added ci \(admin\)/)
})
