import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { environmentOfNpm, withoutNpm } from '../../src/runs/npm-environment.ts'
import { PROJECT as HERE } from '../helpers/service.ts'

const PROJECT = '/home/ada/looper'
const UNDER = { npm_lifecycle_event: 'start', npm_execpath: '/usr/lib/npm-cli.js' }

t.test('what was not started by npm stays as it is', async (t) => {
  const env = {
    npm_config_registry: 'https://mine',
    EDITOR: 'vi',
    NODE: 'mine',
    PATH: `${PROJECT}/node_modules/.bin`,
  }
  t.strictSame(withoutNpm(env, null, PROJECT), env)
})

t.test("what npm itself began with is the owner's, and nothing else of npm's names is", async (t) => {
  const npms = { HOME: '/home/ada', EDITOR: 'nano', npm_config_registry: 'https://mine', PATH: '/usr/bin' }
  const env = {
    ...UNDER,
    ...npms,
    EDITOR: 'nano',
    COLOR: '0',
    NODE: '/usr/bin/node',
    INIT_CWD: '/z',
    PATH: '/home/ada/looper/node_modules/.bin:/usr/bin',
    FROM_DOT_ENV: 'yes',
  }
  t.strictSame(withoutNpm(env, npms, PROJECT), { ...npms, FROM_DOT_ENV: 'yes' })
})

t.test('where that cannot be seen, what looks like it is taken out', async (t) => {
  const npms = { EDITOR: 'vi', COLOR: '1', NODE: '/n', npm_node_execpath: '/n', npm_config_cache: '/x' }
  t.strictSame(withoutNpm({ ...UNDER, ...npms, INIT_CWD: '/z', HOME: '/h' }, null, PROJECT), { HOME: '/h' })
  const owners = { EDITOR: 'emacs', COLOR: 'always', NODE: '/mine', my_npm_token: 'mine' }
  t.strictSame(withoutNpm({ ...UNDER, ...owners }, null, PROJECT), owners)
})

t.test('PATH loses the directories npm put there for this project, and keeps its order', async (t) => {
  const PATH = [
    '/home/ada/looper/node_modules/.bin',
    '/home/ada/node_modules/.bin',
    '/home/node_modules/.bin',
    '/node_modules/.bin',
    '/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin',
    '/home/ada/bin',
    '/home/ada/other/node_modules/.bin',
    '/home/ada/loop/node_modules/.bin',
    '/home/ada/looper/tools/node_modules/.bin',
    '/usr/lib/node_modules',
    '/usr/bin',
  ].join(':')
  t.equal(
    withoutNpm({ ...UNDER, PATH }, null, PROJECT).PATH,
    [
      '/home/ada/bin',
      '/home/ada/other/node_modules/.bin',
      '/home/ada/loop/node_modules/.bin',
      '/home/ada/looper/tools/node_modules/.bin',
      '/usr/lib/node_modules',
      '/usr/bin',
    ].join(':'),
  )
})

t.test('an agent started under npm gets what it would get without npm, to the letter', async (t) => {
  const dir = t.testdir({
    'package.json': '{"scripts":{"env":"node print.mjs","execs":"exec node print.mjs"}}',
  })
  const module = path.join(HERE, 'src/runs/npm-environment.ts')
  writeFileSync(
    path.join(dir, 'print.mjs'),
    `import { environmentOfNpm, withoutNpm } from ${JSON.stringify(module)}
     const env = process.env
     console.log(JSON.stringify(withoutNpm(env, environmentOfNpm(env, process.ppid), ${JSON.stringify(dir)})))`,
  )
  mkdirSync(path.join(dir, 'node_modules/.bin'), { recursive: true })
  const owners = {
    PATH: `${path.dirname(process.execPath)}:${dir}/node_modules/.bin:/usr/bin:/bin:${process.env.PATH}`,
    HOME: dir,
    npm_config_fund: 'false',
    EDITOR: 'vi',
  }
  for (const script of ['env', 'execs']) {
    const { stdout, status } = spawnSync('npm', ['run', '--silent', script], {
      cwd: dir,
      encoding: 'utf8',
      env: owners,
    })
    t.equal(status, 0)
    const found: NodeJS.ProcessEnv = JSON.parse(stdout)
    // What a shell, and the runner of these tests, add.
    const added = /^(PWD|SHLVL|OLDPWD|_|_?TAP.*|NODE_OPTIONS)$/
    const env = Object.fromEntries(Object.entries(found).filter(([name]) => !added.test(name)))
    if (process.platform === 'linux') t.strictSame(env, owners, script)
  }
})

t.test('an npm that cannot be seen is none', async (t) => {
  t.equal(environmentOfNpm(UNDER, 2 ** 30), null)
  const env = { ...UNDER, npm_lifecycle_script: 'as it is' }
  t.notOk(environmentOfNpm(env, process.pid)?.npm_lifecycle_script === 'as it is')
})
