import t from 'tap'
import { checkSettings, probeZulip, startWarning } from '../../../src/notices/zulip/checks.ts'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import { beginReading } from '../../../src/settings/part.ts'

const ACCOUNT = {
  ZULIP_SITE: 'https://chat.example',
  ZULIP_BOT_EMAIL: 'bot@chat.example',
  ZULIP_BOT_API_KEY: 'k',
}

t.test('who listens needs an account, and people to listen to', async (t) => {
  const home = t.testdir()
  const settings = (env: NodeJS.ProcessEnv) =>
    zulipSettings.read(beginReading(env, { projectDir: home, home }))
  const check = (env: NodeJS.ProcessEnv) => checkSettings(settings(env))
  t.equal(check({}), null)
  t.equal(check(ACCOUNT), null)
  t.equal(check({ ...ACCOUNT, ZULIP_LISTEN: '1', LOOPER_PEOPLE: '8' }), null)
  t.match(check({ ZULIP_LISTEN: '1', LOOPER_PEOPLE: '8' }), {
    state: 'broken',
    text: 'ZULIP_LISTEN is on, and there are no credentials',
  })
  t.match(check({ ...ACCOUNT, ZULIP_LISTEN: '1' }), {
    state: 'broken',
    text: 'ZULIP_LISTEN is on, and nobody may answer or command',
    remedy: /LOOPER_PEOPLE/,
  })
  const told = /^ZULIP_LISTEN is on, and nobody may answer or command. Set LOOPER_PEOPLE/
  t.match(startWarning(settings({ ...ACCOUNT, ZULIP_LISTEN: '1' })), told, 'a start tells it')
  t.equal(startWarning(settings(ACCOUNT)), null)
  const { signal } = new AbortController()
  t.match(await probeZulip(settings({ ZULIP_LISTEN: '1' }), {}, signal), { state: 'broken' })
})

t.test('people that are not listened to are told of', (t) => {
  const home = t.testdir()
  const warningsOf = (env: NodeJS.ProcessEnv) => {
    const reading = beginReading(env, { projectDir: home, home })
    zulipSettings.read(reading)
    return reading.warnings
  }
  t.match(warningsOf({ LOOPER_PEOPLE: '8' }), [/^LOOPER_PEOPLE counts for nothing.*ZULIP_LISTEN=1/])
  t.strictSame(warningsOf({ LOOPER_PEOPLE: '8', ZULIP_LISTEN: '1' }), [])
  t.end()
})
