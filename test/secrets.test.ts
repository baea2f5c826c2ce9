import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { loadConfig } from '../src/config.ts'
import { hookVariables, secretsOf } from '../src/secrets.ts'

const HOOKS = {
  hooks: {
    a: { kind: 'github', secret_env: 'A', message: 'x' },
    b: { kind: 'github', secret_env: ['B', 'C'], message: 'x' },
    c: { kind: 'github', secret: 'inline', message: 'x' },
    d: { kind: 'github', secret: ['old', 'new'], message: 'x' },
  },
}

t.test('the secrets are those of the settings, of Zulip and of the hooks', async (t) => {
  const dir = t.testdir({ 'hooks.json': JSON.stringify(HOOKS) })
  const file = path.join(dir, 'hooks.json')
  writeFileSync(path.join(dir, '.zuliprc'), '[api]\nsite=http://127.0.0.1:1\nemail=bot@x\nkey=from-file\n')
  const env = { LOOPER_API_TOKEN: 'main', LOOPER_HOOKS_FILE: file, A: 'a', B: 'b' }
  const config = loadConfig(env, { projectDir: dir, home: dir })
  t.strictSame(hookVariables(file), ['A', 'B', 'C'])
  t.strictSame(
    new Set(secretsOf(config, env)),
    new Set([
      'main',
      null,
      'from-file',
      Buffer.from('bot@x:from-file').toString('base64'),
      'inline',
      'old',
      'new',
      'a',
      'b',
      undefined,
    ]),
  )
})

t.test('without any there are none', async (t) => {
  const dir = t.testdir({})
  t.strictSame(hookVariables(null), [])
  const config = loadConfig({}, { projectDir: dir, home: dir })
  t.strictSame(
    secretsOf(config, {}).filter((secret) => secret),
    [],
  )
})
