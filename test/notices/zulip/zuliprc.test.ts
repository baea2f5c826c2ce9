import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { messageOf } from '../../../src/base/errors.ts'
import { homeDirectory } from '../../../src/base/home.ts'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import { describeMissing, findCredentials } from '../../../src/notices/zulip/zuliprc.ts'
import { beginReading } from '../../../src/settings/part.ts'

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
function find(t: Test, content: string | Buffer, env: NodeJS.ProcessEnv = {}) {
  const home = t.testdir({ '.zuliprc': content })
  const found = findCredentials(zulipSettings.read(beginReading(env, { projectDir: home, home })))
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

t.test(
  'where no section is complete, a file is not taken for none: what the first one lacks is named',
  async (t) => {
    const { found, file } = find(t, '[partial]\nemail=bot@zulip.example\n[empty]\n')
    const missing = ['ZULIP_SITE', 'ZULIP_BOT_API_KEY']
    t.strictSame(found, { kind: 'incomplete', missing, source: `zuliprc:${file} [partial]` })
    if (found.kind !== 'incomplete') return
    t.equal(
      describeMissing(found),
      `Missing ZULIP_SITE, Missing ZULIP_BOT_API_KEY (zuliprc:${file} [partial])`,
    )
    t.strictSame(find(t, '[api]').found, {
      kind: 'incomplete',
      missing: ALL,
      source: `zuliprc:${file} [api]`,
    })
  },
)

t.test(
  'a file is read as it was saved: with signatures, in UTF-16, with quotes, with the ends of any system',
  async (t) => {
    const text = '[api]\nemail="api@zulip.example"\nkey=\'key-of-api\'\nsite=https://api.example\n'
    const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16()
    const forms: readonly (string | Buffer)[] = [
      text,
      `\ufeff${text}`,
      text.replaceAll('\n', '\r'),
      text.replaceAll('\n', '\r\n'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      swapped(Buffer.from(text, 'utf16le')),
      swapped(Buffer.from(`\ufeff${text}`, 'utf16le')),
    ]
    for (const form of forms) {
      t.match(
        find(t, form).found,
        { kind: 'ready', account: accountOf('api') },
        JSON.stringify(form.slice(0, 8)),
      )
    }
  },
)

t.test('a file without any section says what it lacks', async (t) => {
  const error = (content: string | Buffer) => {
    try {
      return find(t, content).found.kind
    } catch (thrown) {
      return messageOf(thrown).replace(/ \S+\.zuliprc /, ' FILE ')
    }
  }
  const useless =
    'the zuliprc file FILE is no zuliprc: download it anew from Zulip (Personal settings, Account & privacy), or remove it'
  for (const content of ['', ' \n', '# nothing\n', 'hello', Buffer.from([0, 1, 2, 3]), Buffer.from([1, 0])]) {
    t.equal(error(content), useless, JSON.stringify(content))
  }
  t.equal(
    error('email=bot@zulip.example\nkey=k\n'),
    'the zuliprc file FILE has no section: begin it with a line "[api]"',
  )
})

t.test(
  'a certificate bundle is found beside the file or in the home, and one that is none is named',
  async (t) => {
    const pem = readFileSync(path.join(import.meta.dirname, '../../fixtures/certificate.pem'), 'utf8')
    const dir = t.testdir({ ca: { 'own.pem': pem, 'key.pem': 'no certificate' } })
    const withBundle = (name: string) => find(t, `${section('api')}cert_bundle=${name}\n`)
    // What is found empties the directory of the test.
    const own = path.join(import.meta.dirname, '../../fixtures/certificate.pem')
    t.match(withBundle(own).found, { kind: 'ready', account: { ...accountOf('api'), ca: pem } })
    const relative = path.relative(dir, own)
    t.match(withBundle(relative).found, { account: { ca: pem } })
    t.match(withBundle(`"${relative}"`).found, { account: { ca: pem } })
    t.throws(() => withBundle('none.pem'), {
      message: `${dir}/none.pem is not there; fix cert_bundle in the zuliprc file ${dir}/.zuliprc`,
    })
    t.throws(() => withBundle('.zuliprc'), {
      message: /\.zuliprc holds no certificate \(PEM\); fix cert_bundle/,
    })
    t.throws(() => withBundle('.'), { message: `cannot read the cert_bundle ${dir}: EISDIR` })
    t.throws(() => withBundle('~/no-such-bundle.pem'), {
      message: new RegExp(`^${homeDirectory()}/no-such-bundle\\.pem is not there`),
    })
  },
)

t.test('insecure is refused, unless it says no', async (t) => {
  for (const value of ['true', 'True', 'yes', '1', '"true"', 'anything']) {
    t.throws(() => find(t, `${section('api')}insecure=${value}\n`), {
      message: /^the zuliprc file \S+ says "insecure": remove it, and name a certificate with cert_bundle$/,
    })
  }
  for (const value of ['false', 'False', 'no', '0', 'off', '']) {
    t.equal(find(t, `${section('api')}insecure=${value}\n`).found.kind, 'ready', value)
  }
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

t.test('with all three variables the file does not count, whatever is wrong with it', async (t) => {
  const { found } = find(t, '', {
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
  t.strictSame(findCredentials(zulipSettings.read(beginReading({}, { projectDir: home, home }))), {
    kind: 'none',
    missing: ALL,
  })
})

t.test('a file that was named but is absent makes the credentials incomplete', async (t) => {
  const home = t.testdir()
  const env = { ZULIPRC_PATH: path.join(home, 'absent') }
  t.strictSame(findCredentials(zulipSettings.read(beginReading(env, { projectDir: home, home }))), {
    kind: 'incomplete',
    missing: ALL,
    source: 'env-only',
  })
})

t.test('a file that cannot be read is an error that names it', async (t) => {
  const home = t.testdir({ rc: {} })
  const file = path.join(home, 'rc')
  const zulip = zulipSettings.read(beginReading({ ZULIPRC_PATH: file }, { projectDir: home, home }))
  t.throws(() => findCredentials(zulip), { message: `cannot read the zuliprc file ${file}: EISDIR` })
  const pipe = path.join(home, 'pipe')
  execFileSync('mkfifo', [pipe])
  t.throws(() => findCredentials({ ...zulip, rcPath: pipe }), {
    message: `the zuliprc file ${pipe} is not a file`,
  })
  const below = findCredentials({ ...zulip, rcPath: '/dev/null/.zuliprc', rcRequired: false })
  t.strictSame(below, { kind: 'none', missing: ALL }, 'what cannot be there is not there')
})
