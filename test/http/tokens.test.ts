import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { createTokenCheck, hashToken, includes, SCOPES } from '../../src/http/tokens.ts'

const NOW = Date.UTC(2026, 0, 2)

/** A tokens file that can be written anew, and a check of it. */
function setUp(test: Test, tokens: unknown, main: string | null = null) {
  const file = path.join(test.testdir(), 'tokens.json')
  const clock = { now: NOW }
  const complaints: string[] = []
  const write = (value: unknown) =>
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify({ tokens: value }))
  write(tokens)
  const check = createTokenCheck(
    main,
    file,
    () => clock.now,
    (message) => complaints.push(message),
  )
  return { check, write, clock, complaints, file }
}

const token = (name: string, more: object = {}) => ({
  name,
  sha256: hashToken(`${name}-token`),
  scope: 'run',
  ...more,
})

t.test('a scope includes itself and those before it', async (t) => {
  t.strictSame(
    SCOPES.map((scope) => SCOPES.filter((wanted) => includes(scope, wanted))),
    [['read'], ['read', 'answer'], ['read', 'answer', 'run'], ['read', 'answer', 'run', 'admin']],
  )
})

t.test('a token is kept as its SHA-256', async (t) => {
  t.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

t.test('the main token has full rights, and needs no file', async (t) => {
  const check = createTokenCheck('main', null, () => NOW, t.fail)
  t.strictSame(check.callerOf('main'), { name: 'LOOPER_API_TOKEN', scope: 'admin' })
  for (const wrong of ['', 'mai', 'mainn', 'MAIN', hashToken('main')])
    t.equal(check.callerOf(wrong), null, wrong)
})

t.test('named tokens have their scope, beside the main one, until they expire', async (t) => {
  const { check, clock } = setUp(
    t,
    [token('ci'), token('eye', { scope: 'read', expires: '2026-01-03' })],
    'main',
  )
  t.strictSame(check.callerOf('ci-token'), { name: 'ci', scope: 'run' })
  t.strictSame(check.callerOf('eye-token'), { name: 'eye', scope: 'read' })
  t.strictSame(check.callerOf('main')?.scope, 'admin')
  clock.now = Date.UTC(2026, 0, 3) - 1
  t.not(check.callerOf('eye-token'), null)
  clock.now = Date.UTC(2026, 0, 3)
  t.equal(check.callerOf('eye-token'), null)
  t.not(check.callerOf('ci-token'), null)
  t.strictSame(
    ['eye-token', 'ci-token', 'main', 'unknown', ''].map((given) => check.hasExpired(given)),
    [true, false, false, false, false],
  )
  t.strictSame(
    check.all().map(({ name }) => name),
    ['LOOPER_API_TOKEN', 'ci'],
  )
})

t.test('a file that is not there yet is told as such, with what makes it', async (t) => {
  const file = path.join(t.testdir(), 'none.json')
  t.throws(() => createTokenCheck(null, file, () => NOW, t.fail), {
    message: `there is no file ${file} yet; "looper token add NAME" makes it`,
  })
})

t.test('a date that is none never becomes a token for ever', async (t) => {
  t.throws(() => setUp(t, [token('late', { expires: '2026-02-31' })]), {
    message: /late has no valid expiry date/,
  })
  t.throws(() => setUp(t, [token('odd', { expires: '2026-99-99' })]), {
    message: /the token odd has no valid expiry date: 2026-99-99$/,
  })
})

t.test(
  'a change of the file counts at once; a broken one is told, and the last good state stays',
  async (t) => {
    const { check, write, complaints, file } = setUp(t, [token('a')])
    write([token('a'), token('bb')])
    t.equal(check.callerOf('bb-token')?.name, 'bb')
    write('{broken')
    t.equal(check.callerOf('bb-token')?.name, 'bb')
    t.match(complaints, [
      /^the tokens file cannot be used, so the tokens from before stay valid: .*is not JSON/,
    ])
    t.equal(check.callerOf('a-token')?.name, 'a')
    t.equal(complaints.length, 1, 'once for a state of the file')
    write('{broken as well')
    t.equal(check.callerOf('a-token')?.name, 'a')
    write([token('bb')])
    t.equal(check.callerOf('bb-token')?.name, 'bb', 'it heals')
    t.equal(check.callerOf('a-token'), null, 'and what was taken out is out')
    rmSync(file)
    t.equal(check.callerOf('bb-token'), null, 'a file that was removed has no tokens')
    write([token('a')])
    t.equal(check.callerOf('a-token')?.name, 'a')
  },
)

t.test('a file that is wrong at the start is an error', async (t) => {
  for (const bad of [{ name: 'a b' }, { sha256: 'abc' }, { scope: 'root' }, { expires: 'soon' }])
    t.throws(() => setUp(t, [token('a', bad)]), { message: /\/tokens\/0\/(name|sha256|scope|expires)/ })
})
