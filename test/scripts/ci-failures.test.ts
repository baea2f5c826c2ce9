import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../helpers/service.ts'

const FAILING = `
import t from 'tap'
t.test('test/a.test.ts', async (t) => {
  t.ok(true, 'what went well')
  t.test('outer', async (t) => {
    t.test('inner', async (t) => {
      console.log('ok 3 - what a process under test printed')
      t.equal(1, 2, 'the numbers')
    })
  })
  t.test('thrower', { buffered: true }, async () => {
    throw new Error('waited in vain for: the end')
  })
})
t.test('test/b.test.ts', async (t) => {
  t.plan(2)
})
`

t.test(
  'of a suite that failed, CI shows each assertion that failed, where it was, and what tap tells of it',
  async (t) => {
    const dir = t.testdir({ 'failing.mjs': FAILING })
    const { stdout: tap } = spawnSync(process.execPath, ['failing.mjs'], {
      cwd: dir,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TAP: '1' },
    })
    const told = spawnSync('awk', ['-f', path.join(PROJECT, '.ci/failures.awk')], {
      input: tap,
      encoding: 'utf8',
    })
    t.equal(told.stderr, '')
    const [first = '', second = '', ...others] = told.stdout.trim().split('\n\n')
    t.ok(first.startsWith('test/a.test.ts > outer > inner\nnot ok 1 - the numbers\n'), first)
    t.match(first, /fileName: .*failing\.mjs\n +lineNumber: 8\n/)
    t.match(first, /-2\n +\+1$/, 'what was expected, and what was there')
    t.ok(second.startsWith('test/a.test.ts > thrower\nnot ok 1 - waited in vain for: the end\n'), second)
    t.match(others.join(), /test count/)
    t.notMatch(told.stdout, /source:|went well|under test printed/)
  },
)
