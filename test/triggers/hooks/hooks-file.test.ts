import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Hook, readHooks, secretsOf } from '../../../src/triggers/hooks/hooks-file.ts'

const fileOf = (test: Test, text: string) => {
  const file = path.join(test.testdir(), 'hooks.json')
  writeFileSync(file, text)
  return file
}
const hook: Hook = { kind: 'github', message: 'x' }

t.test('a hooks file is read by name, "constructor" and "__proto__" being names like others', async (t) => {
  const one = JSON.stringify({ ...hook, secret: 's' })
  const hooks = readHooks(fileOf(t, `{"hooks":{"ci":${one},"constructor":${one}}}`))
  t.strictSame([...hooks.keys()], ['ci', 'constructor'])
  t.equal(hooks.get('toString'), undefined)
  t.equal(hooks.get('__proto__'), undefined)
})

t.test('what is wrong with a hooks file is said with its place, and without its secrets', async (t) => {
  const wrong: [string, RegExp][] = [
    ['', /is not JSON: /],
    ['{"hooks":{"ci":{"secret":"sesame" x', /is not JSON: Expected ',' or '}'/],
    ['{"secret": sesame}', /is not JSON: Unexpected token 's'$/],
    ['[]', /the whole /],
    ['{}', /hooks/],
    ['{"hooks":{"a b":{"kind":"github","message":"x"}}}', /\/hooks/],
    ['{"hooks":{"ci":{"kind":"sesame","message":"x"}}}', /\/hooks\/ci\/kind/],
    ['{"hooks":{"ci":{"kind":"github","message":"x","secret":7}}}', /\/hooks\/ci\/secret/],
    ['{"hooks":{"ci":{"kind":"github","message":"x","promt":"x"}}}', /\/hooks\/ci/],
    ['{"hooks":{"ci":{"kind":"github","message":"","secret":"sesame"}}}', /\/hooks\/ci\/message/],
  ]
  for (const [text, reason] of wrong) {
    const file = fileOf(t, text)
    t.throws(() => readHooks(file), { message: reason }, text)
    t.throws(() => readHooks(file), { message: file })
    try {
      readHooks(file)
    } catch (error) {
      t.notMatch(String(error), 'sesame')
    }
  }
  t.throws(() => readHooks('/no/such/hooks.json'), { code: 'ENOENT' })
})

t.test('secrets come from the file, from variables, or from both', async (t) => {
  const env = { A: 'a', B: 'b', EMPTY: '' }
  t.strictSame(secretsOf({ ...hook, secret: 's' }, env), ['s'])
  t.strictSame(secretsOf({ ...hook, secret: ['s', 't'], secret_env: 'A' }, env), ['s', 't', 'a'])
  t.strictSame(secretsOf({ ...hook, secret_env: ['A', 'B'] }, env), ['a', 'b'])
  t.throws(() => secretsOf(hook, env), { message: 'the hook has neither secret nor secret_env' })
  for (const name of ['NONE', 'EMPTY'])
    t.throws(() => secretsOf({ ...hook, secret: 's', secret_env: name }, env), {
      message: `the variable ${name} (secret_env) is not set`,
    })
})

t.test(
  "a secret that promises a key and holds none is an error: an empty key would be everybody's",
  async (t) => {
    const good = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    for (const kind of ['standard', 'gitlab'] as const) {
      t.strictSame(secretsOf({ ...hook, kind, secret: good }, {}), [good])
      for (const secret of ['whsec_', 'whsec_=', 'whsec_!!!!', [good, 'whsec_']])
        t.throws(() => secretsOf({ ...hook, kind, secret }, {}), { message: /no base64 follows/ })
    }
    t.strictSame(
      secretsOf({ ...hook, secret: 'whsec_' }, {}),
      ['whsec_'],
      'elsewhere it is a text like others',
    )
  },
)
