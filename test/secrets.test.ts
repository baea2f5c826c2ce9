import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../src/config.ts'
import { followSecrets } from '../src/secrets.ts'

const hook = (secrets: object) => ({ kind: 'github', message: 'x', ...secrets })
const HOOKS = {
  a: hook({ secret_env: 'A' }),
  b: hook({ secret_env: ['B', 'C'] }),
  c: hook({ secret: 'inline' }),
  d: hook({ secret: ['old', 'new'] }),
}
const zuliprc = (key: string) => `[api]\nsite=http://127.0.0.1:1\nemail=bot@x\nkey=${key}\n`
const basic = (key: string) => Buffer.from(`bot@x:${key}`).toString('base64')

/** A home with a hooks file and a zuliprc file, and the secrets of a service that was started there. */
function setUp(test: Test, env: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir({
    'hooks.json': JSON.stringify({ hooks: HOOKS }),
    '.zuliprc': zuliprc('from-file'),
  })
  const at = (name: string) => path.join(dir, name)
  const all = {
    LOOPER_API_TOKEN: 'main',
    LOOPER_HOOKS_FILE: at('hooks.json'),
    A: 'a',
    B: 'b',
    E: 'e',
    ...env,
  }
  return {
    at,
    secrets: followSecrets(loadConfig(all, { projectDir: dir, home: dir }), all),
    write: (hooks: object) => writeFileSync(at('hooks.json'), JSON.stringify({ hooks })),
  }
}
const sorted = (values: readonly string[]) => [...values].sort()
const FIRST = ['main', 'from-file', basic('from-file'), 'inline', 'old', 'new', 'a', 'b']

t.test('the secrets are those of the settings, of Zulip and of the hooks', async (t) => {
  const { secrets } = setUp(t)
  t.strictSame(secrets.variables(), ['A', 'B', 'C'])
  t.strictSame(sorted(secrets.values()), sorted(FIRST))
  t.equal(secrets.values(), secrets.values(), 'one list as long as nothing changes')
  const other = setUp(t, { ZULIP_BOT_API_KEY: 'from-env' })
  t.ok(other.secrets.values().includes('from-env'))
})

t.test('a change of a file counts at once, and what was a secret stays one', async (t) => {
  const { secrets, write, at } = setUp(t)
  write({ a: hook({ secret_env: ['A', 'E'], secret: 'rotated' }) })
  t.strictSame(sorted(secrets.values()), sorted([...FIRST, 'e', 'rotated']))
  t.strictSame(secrets.variables(), ['A', 'B', 'C', 'E'])
  writeFileSync(at('.zuliprc'), zuliprc('another'))
  const all = [...FIRST, 'e', 'rotated', 'another', basic('another')]
  t.strictSame(sorted(secrets.values()), sorted(all))
  rmSync(at('.zuliprc'))
  t.strictSame(sorted(secrets.values()), sorted(all))
})

t.test('a file that is half written or gone changes nothing, until it is good again', async (t) => {
  const { secrets, write, at } = setUp(t)
  writeFileSync(at('hooks.json'), '{"hooks": {')
  t.strictSame(sorted(secrets.values()), sorted(FIRST))
  rmSync(at('hooks.json'))
  t.strictSame(secrets.variables(), ['A', 'B', 'C'])
  write({ a: hook({ secret: 'mended' }) })
  t.ok(secrets.values().includes('mended'))
})

t.test('without any there are none; a file that is wrong from the start is told', async (t) => {
  const dir = t.testdir({ 'bad.json': 'x' })
  const places = { projectDir: dir, home: dir }
  const none = followSecrets(loadConfig({}, places), {})
  t.strictSame(none.values(), [])
  t.strictSame(none.variables(), [])
  t.throws(() => followSecrets(loadConfig({ LOOPER_HOOKS_FILE: 'bad.json' }, places), {}), /is not JSON/)
})
