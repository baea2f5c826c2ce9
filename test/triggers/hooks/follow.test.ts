import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { followHooks, type HookProblem } from '../../../src/triggers/hooks/follow.ts'

const hook = (more: object = {}) => ({ kind: 'github', message: 'x', secret: 'right', ...more })

/** Hooks in a file, and what was complained about. */
function setUp(test: Test, text: object | string | null, env: NodeJS.ProcessEnv = {}) {
  const file = path.join(test.testdir(), 'hooks.json')
  const write = (value: object | string) =>
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify({ hooks: value }))
  if (text !== null) write(text)
  const problems: HookProblem[] = []
  const hooks = followHooks(file, env, (problem) => problems.push(problem))
  return { file, write, problems, hooks, secretsOf: (name: string) => hooks.find(name)?.secrets }
}
const UNUSABLE = { code: 'LOOPER_HOOKS_UNUSABLE', message: 'the hooks file cannot be used' }

t.test('a change of the file counts at once', async (t) => {
  const { write, secretsOf, problems } = setUp(t, { ci: hook() })
  t.strictSame(secretsOf('ci'), ['right'])
  t.equal(secretsOf('other'), undefined)
  write({ other: hook({ secret: 'new' }) })
  t.equal(secretsOf('ci'), undefined)
  t.strictSame(secretsOf('other'), ['new'])
  t.strictSame(problems, [])
})

t.test('a file that became wrong keeps its last good state, and says so once', async (t) => {
  const { write, secretsOf, problems } = setUp(t, { ci: hook() })
  const wrong: [object | string, RegExp][] = [
    ['{"hooks": sesame}', /is not JSON/],
    [{ ci: hook({ kind: 'no' }) }, /\/hooks\/ci/],
    ['', /is not JSON/],
  ]
  for (const [value, reason] of wrong) {
    write(value)
    t.strictSame(secretsOf('ci'), ['right'])
    t.strictSame(secretsOf('ci'), ['right'])
    t.equal(problems.length, 1)
    const { error } = problems.pop() ?? {}
    t.match(error, /^the hooks file cannot be used, so the hooks from before stay valid: /)
    t.match(error, reason)
    t.notMatch(error, 'sesame')
  }
  write({ ci: hook({ secret: 'mended' }) })
  t.strictSame(secretsOf('ci'), ['mended'])
  write('{')
  t.strictSame(secretsOf('ci'), ['mended'])
  t.equal(problems.length, 1, 'the next one is told')
})

t.test('a hook that lost its secret keeps its last good state; the others change', async (t) => {
  const { write, secretsOf, problems } = setUp(t, { ci: hook(), other: hook() }, { SET: 'set' })
  write({ ci: hook({ secret_env: 'UNSET' }), other: hook({ secret: undefined, secret_env: 'SET' }) })
  t.strictSame(secretsOf('ci'), ['right'])
  t.strictSame(secretsOf('other'), ['set'])
  t.match(problems, [{ hook: 'ci', error: /so it stays as it was: the variable UNSET .* is not set$/ }])
})

t.test('what never was usable is refused, until it is', async (t) => {
  const { write, secretsOf, problems } = setUp(t, { ci: hook({ secret: undefined }), other: hook() })
  t.throws(() => secretsOf('ci'), UNUSABLE)
  t.strictSame(secretsOf('other'), ['right'])
  t.strictSame(problems, [{ hook: 'ci', error: 'the hook has neither secret nor secret_env' }])
  write({ ci: hook() })
  t.strictSame(secretsOf('ci'), ['right'])

  const missing = setUp(t, null)
  t.throws(() => missing.secretsOf('ci'), UNUSABLE)
  t.match(missing.problems, [{ error: /^ENOENT/ }])
  missing.write({ ci: hook() })
  t.strictSame(missing.secretsOf('ci'), ['right'])
})

t.test('whoever removes the file takes its hooks back', async (t) => {
  const { file, write, secretsOf, problems } = setUp(t, { ci: hook() })
  rmSync(file)
  t.throws(() => secretsOf('ci'), UNUSABLE)
  t.match(problems, [{ error: /^ENOENT/ }])
  write({ ci: hook() })
  t.strictSame(secretsOf('ci'), ['right'])
})
