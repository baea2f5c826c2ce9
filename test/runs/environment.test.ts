import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { agentEnvironment } from '../../src/runs/environment.ts'

const PROJECT = '/home/ada/looper'
const NOTHING = { secret: [], pass: [] }

t.test('what npm added is taken out, and everything else stays as it is', async (t) => {
  const env = {
    HOME: '/home/ada',
    LANG: 'C.UTF-8',
    OPENAI_API_KEY: 'key',
    EMPTY: '',
    npm_config_cache: '/x',
    npm_lifecycle_event: 'start',
    NPM_CONFIG_USERCONFIG: '/y',
    INIT_CWD: '/z',
    my_npm_token: 'mine',
    PATH: '/usr/bin:/bin',
  }
  const before = structuredClone(env)
  t.strictSame(agentEnvironment(env, PROJECT, NOTHING), {
    HOME: '/home/ada',
    LANG: 'C.UTF-8',
    OPENAI_API_KEY: 'key',
    EMPTY: '',
    my_npm_token: 'mine',
    PATH: '/usr/bin:/bin',
  })
  t.strictSame(env, before, "the service's own environment is untouched")
})

t.test("Looper's, Zulip's and the hooks' secrets stay with the service", async (t) => {
  const env = {
    LOOPER_API_TOKEN: 'x',
    LOOPER_SOME_SECRET_FILE: 'x',
    LOOPER_SIGNING_KEY: 'x',
    LOOPER_PASSWORD: 'x',
    ZULIP_BOT_API_KEY: 'x',
    ZULIPRC_PATH: 'x',
    CI_HOOK: 'x',
    LOOPER_WORKSPACE: '/w',
    LOOPER_RUN_ID: 'cookie',
    MY_LOOPER_TOKEN: 'mine',
    MY_ZULIP: 'mine',
    OPENAI_API_KEY: 'mine',
  }
  const kept = { LOOPER_WORKSPACE: '/w', LOOPER_RUN_ID: 'cookie', MY_LOOPER_TOKEN: 'mine', MY_ZULIP: 'mine' }
  const secret = ['CI_HOOK']
  t.strictSame(agentEnvironment(env, PROJECT, { secret, pass: [] }), { ...kept, OPENAI_API_KEY: 'mine' })
  t.strictSame(
    agentEnvironment(env, PROJECT, { secret, pass: ['CI_HOOK', 'ZULIPRC_PATH', 'NOT_THERE'] }),
    { ...kept, OPENAI_API_KEY: 'mine', CI_HOOK: 'x', ZULIPRC_PATH: 'x' },
    'unless the owner passes them',
  )
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
    agentEnvironment({ PATH }, PROJECT, NOTHING).PATH,
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

t.test('without a PATH there is none afterwards either', async (t) => {
  t.strictSame(agentEnvironment({ HOME: '/x' }, PROJECT, NOTHING), { HOME: '/x' })
})

t.test('an agent started under npm finds the programs it would find without npm', async (t) => {
  const dir = t.testdir({ 'package.json': '{"scripts":{"env":"node print.cjs"}}' })
  writeFileSync(path.join(dir, 'print.cjs'), 'console.log(JSON.stringify(process.env))')
  mkdirSync(path.join(dir, 'node_modules/.bin'), { recursive: true })
  const before = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, HOME: dir }
  const { stdout, status } = spawnSync('npm', ['run', '--silent', 'env'], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...before, PATH: `${before.PATH}:${process.env.PATH}` },
  })
  t.equal(status, 0)
  const under: NodeJS.ProcessEnv = JSON.parse(stdout)
  t.match(under.PATH, path.join(dir, 'node_modules/.bin'))
  const env = agentEnvironment(under, dir, NOTHING)
  t.notMatch(env.PATH, path.join(dir, 'node_modules/.bin'))
  t.strictSame(
    Object.keys(env).filter((name) => /npm|INIT/i.test(name)),
    [],
  )
})
