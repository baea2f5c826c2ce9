import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { findingsOf } from '../src/checks.ts'
import { loadConfig } from '../src/config.ts'
import { FAKE_CODEX } from './helpers/heart.ts'
import { startTestService } from './helpers/service.ts'

/** Settings with which all is well, and what is found with changed ones. */
function setUp(test: Test) {
  const dir = test.testdir({ ws: { '.git': { HEAD: '' } }, plain: {}, prompt: 'go' })
  const places = { projectDir: dir, home: dir }
  const good = {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
    LOOPER_WORKSPACE: path.join(dir, 'ws'),
    LOOPER_DEFAULT_PROMPT_FILE: path.join(dir, 'prompt'),
    LOOPER_MIN_FREE_MB: '0',
    ZULIPRC_PATH: '',
  }
  const find = async (settings: NodeJS.ProcessEnv = {}) => {
    const env = { ...good, ...settings }
    return findingsOf(loadConfig(env, places), env, places)
  }
  return { dir, find, good }
}

t.test('settings with which all is well have no findings', async (t) => {
  const { find } = setUp(t)
  t.strictSame(await find(), [])
  t.strictSame(await find({ LOOPER_WORKSPACE: '', LOOPER_DEFAULT_PROMPT_FILE: '' }), [], 'nor have none')
})

t.test('what is wrong with them is found, each with what to do', async (t) => {
  const { find, dir } = setUp(t)
  const tokens = path.join(dir, 'tokens.json')
  writeFileSync(tokens, '{')
  writeFileSync(path.join(dir, 'file'), '')
  mkdirSync(path.join(dir, 'folder'))
  for (const [settings, check, text] of [
    [{ LOOPER_PROT: '1' }, 'settings', 'LOOPER_PROT is not a setting; did you mean LOOPER_PORT?'],
    [{ LOOPER_COLOUR_OF_ALL: '1' }, 'settings', 'LOOPER_COLOUR_OF_ALL is not a setting; is it misspelt?'],
    [{ CODEX_EXEC_BINARY: '/no/such' }, 'codex', /missing from PATH: \/no\/such/],
    [{ LOOPER_DEFAULT_PROMPT_FILE: path.join(dir, 'none') }, 'prompt', /none/],
    [{ LOOPER_TOKENS_FILE: tokens }, 'tokens', /tokens.json/],
    [{ ZULIP_SITE: 'https://z.example' }, 'zulip', /Missing ZULIP_BOT_EMAIL/],
    [{ LOOPER_ZULIP_REQUIRED: '1' }, 'zulip', /no credentials, and LOOPER_ZULIP_REQUIRED is on/],
    [{ ZULIPRC_PATH: path.join(dir, 'folder') }, 'zulip', /cannot read the zuliprc/],
    [{ CODEX_EXEC_LOG_DIR: path.join(dir, 'file') }, 'logs', /is not a directory/],
    [{ LOOPER_MIN_FREE_MB: '9007199254740991' }, 'disk', /MB are needed/],
  ] as const) {
    t.match(
      await find(settings),
      [{ check, state: 'broken', text, remedy: String }],
      JSON.stringify(settings),
    )
  }
})

t.test('a start prints what is wrong, and tells it at /status', async (t) => {
  const { dir, good } = setUp(t)
  const service = await startTestService(path.join(dir, 'logs'), {
    ...good,
    LOOPER_AUTO_START_WHEN_IDLE: '0',
    LOOPER_PROT: '1',
    CODEX_EXEC_BINARY: '/no/such',
  })
  t.teardown(() => service.stop())
  const status = JSON.parse(await (await fetch(`${service.url}/status`)).text())
  t.match(status, {
    token: null,
    findings: [
      {
        check: 'settings',
        problem: 'LOOPER_PROT is not a setting; did you mean LOOPER_PORT?',
        remedy: String,
      },
      {
        check: 'codex',
        problem: 'required tool is missing from PATH: /no/such',
        remedy: /CODEX_EXEC_BINARY/,
      },
    ],
  })
  t.match(service.output(), 'Note: LOOPER_PROT is not a setting; did you mean LOOPER_PORT?')
  t.match(service.output(), 'Note: required tool is missing from PATH: /no/such. Install codex')
})
