import t from 'tap'
import { isOwnVariable as isOwn } from '../../src/own-variables.ts'
import { agentEnvironment } from '../../src/runs/environment.ts'

t.test('what is no secret stays as it is', async (t) => {
  const env = { HOME: '/home/ada', EMPTY: '', npm_config_cache: '/x', EDITOR: 'vi', PATH: '/usr/bin:/bin' }
  const before = structuredClone(env)
  t.strictSame(agentEnvironment(env, { isOwn, secret: [], pass: [] }), before)
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
  t.strictSame(agentEnvironment(env, { isOwn, secret, pass: [] }), { ...kept, OPENAI_API_KEY: 'mine' })
  t.strictSame(
    agentEnvironment(env, { isOwn, secret, pass: ['CI_HOOK', 'ZULIPRC_PATH', 'NOT_THERE'] }),
    { ...kept, OPENAI_API_KEY: 'mine', CI_HOOK: 'x', ZULIPRC_PATH: 'x' },
    'unless the owner passes them',
  )
})
