import path from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config.ts'
import { findCredentials } from '../../src/notices/zuliprc.ts'

const ALL = ['ZULIP_SITE', 'ZULIP_BOT_EMAIL', 'ZULIP_BOT_API_KEY']

/** A section as Zulip hands it out for download. */
const section = (name: string, user = name) =>
  `[${name}]\nemail=${user}@zulip.example\nkey=key-of-${user}\nsite=https://${user}.example\n`
const accountOf = (user: string) => ({
  site: `https://${user}.example`,
  email: `${user}@zulip.example`,
  key: `key-of-${user}`,
})

/** What is found with this zuliprc in the home directory. */
function find(t: Test, content: string, env: NodeJS.ProcessEnv = {}) {
  const home = t.testdir({ '.zuliprc': content })
  const found = findCredentials(loadConfig(env, { projectDir: home, home }).zulip)
  return { found, file: path.join(home, '.zuliprc') }
}

t.test('the section api of ~/.zuliprc is the default', async (t) => {
  const { found, file } = find(t, section('other') + section('api'))
  t.strictSame(found, { kind: 'ready', account: accountOf('api'), source: `zuliprc:${file} [api]` })
})

t.test('the profile names another section', async (t) => {
  const { found, file } = find(t, section('api') + section('other'), { ZULIP_PROFILE: 'other' })
  t.strictSame(found, { kind: 'ready', account: accountOf('other'), source: `zuliprc:${file} [other]` })
})

t.test('an unknown profile falls back to the first complete section', async (t) => {
  const partial = '[partial]\nemail=bot@zulip.example\nsite=\nkey=k\n'
  const { found, file } = find(t, partial + section('first') + section('second'), { ZULIP_PROFILE: 'absent' })
  t.strictSame(found, { kind: 'ready', account: accountOf('first'), source: `zuliprc:${file} [first]` })
})

t.test('an unknown profile finds nothing where no section is complete', async (t) => {
  const { found } = find(t, '[partial]\nemail=bot@zulip.example\n')
  t.strictSame(found, { kind: 'none', missing: ALL })
})

t.test('a known profile that is not complete names what is missing', async (t) => {
  const lines = { ZULIP_SITE: 'site=s', ZULIP_BOT_EMAIL: 'email=e', ZULIP_BOT_API_KEY: 'key=k' }
  for (const [name, line] of Object.entries(lines)) {
    const { found, file } = find(t, `[api]\n${line}\n${section('other')}`)
    const missing = ALL.filter((other) => other !== name)
    t.strictSame(found, { kind: 'incomplete', missing, source: `zuliprc:${file} [api]` })
  }
})

t.test('each variable goes before the file', async (t) => {
  const { found, file } = find(t, section('api'), { ZULIP_BOT_API_KEY: 'own' })
  const account = { ...accountOf('api'), key: 'own' }
  t.strictSame(found, { kind: 'ready', account, source: `zuliprc:${file} [api]` })
})

t.test('with all three variables the file does not count', async (t) => {
  const { found } = find(t, section('api'), {
    ZULIP_SITE: 'https://own.example',
    ZULIP_BOT_EMAIL: 'own@zulip.example',
    ZULIP_BOT_API_KEY: 'key-of-own',
  })
  t.strictSame(found, { kind: 'ready', account: accountOf('own'), source: 'env-only' })
})

t.test('values are kept whole, with ; and # and = and : in them', async (t) => {
  const { found } = find(t, '[api]\nkey=a;b#c=d:e ; f\nemail=bot@zulip.example\nsite=https://zulip.example\n')
  t.match(found, { account: { key: 'a;b#c=d:e ; f' } })
})

t.test('comments, blank lines, CRLF, spaces, colons, capitals and stray lines are read over', async (t) => {
  const { found } = find(
    t,
    [
      '\uFEFFkey=before any section',
      '# key=a comment',
      '; key=another',
      '',
      '  [ api ]  ',
      '  KEY : key-of-api',
      'email\t=  api@zulip.example  ',
      'a line without a value',
      '=no name',
      'site=https://api.example',
      '[]',
    ].join('\r\n'),
  )
  t.match(found, { kind: 'ready', account: accountOf('api') })
})

t.test('without a file and without variables there is none', async (t) => {
  const home = t.testdir()
  t.strictSame(findCredentials(loadConfig({}, { projectDir: home, home }).zulip), {
    kind: 'none',
    missing: ALL,
  })
})

t.test('a file that was named but is absent makes the credentials incomplete', async (t) => {
  const home = t.testdir()
  const env = { ZULIPRC_PATH: path.join(home, 'absent') }
  t.strictSame(findCredentials(loadConfig(env, { projectDir: home, home }).zulip), {
    kind: 'incomplete',
    missing: ALL,
    source: 'env-only',
  })
})

t.test('a file that cannot be read is an error that names it', async (t) => {
  const home = t.testdir({ rc: {} })
  const file = path.join(home, 'rc')
  const { zulip } = loadConfig({ ZULIPRC_PATH: file }, { projectDir: home, home })
  t.throws(() => findCredentials(zulip), { message: `cannot read the zuliprc file ${file}: EISDIR` })
})
