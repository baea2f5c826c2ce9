import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { expandHome, homeDirectory } from '../../src/base/home.ts'
import { PROJECT, until } from '../helpers/service.ts'

t.test('a leading ~ is the home, and nothing else is', async (t) => {
  t.equal(expandHome('~', '/home/ada'), '/home/ada')
  t.equal(expandHome('~/x', '/home/ada'), '/home/ada/x')
  for (const same of ['/x', 'x', '~ada', 'x/~', '']) t.equal(expandHome(same, '/home/ada'), same)
})

t.test('whoever has no home gets a place where nothing is', async (t) => {
  t.equal(homeDirectory(), os.homedir())
  const homedir = t.intercept(os, 'homedir', { value: () => '' })
  t.equal(homeDirectory(), '/nonexistent')
  homedir.restore()
  t.intercept(os, 'homedir', {
    value: () => {
      throw new Error('ENOENT: no such file or directory, uv_os_homedir')
    },
  })
  t.equal(homeDirectory(), '/nonexistent')
})

/** A user's number that stands in no passwd file, as `docker run --user` gives it. */
const NOBODY = 54_321
const main = path.join(PROJECT, 'src/main.ts')
const cannot =
  process.getuid?.() !== 0
    ? 'only root can start a program as a user that does not exist'
    : spawnSync('test', ['-r', main], { uid: NOBODY, gid: NOBODY }).status !== 0 &&
      'the project lies where no other user may look'

for (const [what, args, expected] of [
  ['the service', ['src/main.ts'], /Looper listens on /],
  ['the command', ['bin/looper.js', 'status', '--url', 'http://127.0.0.1:1'], /cannot reach Looper/],
  ['a script that sends', ['scripts/send-zulip-dm.ts', '--dry-run'], /^Missing ZULIP_SITE/m],
  ['a script that shows', ['scripts/hook-test.ts', '--help'], /^Usage: /m],
  ['a command that writes', ['bin/looper.js', 'token', '--help'], /^Usage: /m],
] as const) {
  t.test(`without HOME and without a passwd entry ${what} works`, { skip: cannot }, async (t) => {
    const dir = t.testdir({ logs: {} })
    chmodSync(path.join(dir, 'logs'), 0o777)
    const [file, ...more] = args
    // Nothing of this process: not what makes tap look into Node's children either, which writes as root only.
    const env = [
      `PATH=${process.env.PATH}`,
      'LOOPER_STOP_SCOPE=own',
      'LOOPER_PORT=0',
      `CODEX_EXEC_LOG_DIR=${dir}/logs`,
    ]
    const child = spawn('env', ['-i', ...env, process.execPath, path.join(PROJECT, file), ...more], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
    })
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    await until('it says something', () => expected.test(output) || child.exitCode !== null)
    t.match(output, expected)
    t.notMatch(output, /^ +at /m, 'and shows no stack')
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
}
