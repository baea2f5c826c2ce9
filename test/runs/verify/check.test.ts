import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { listedPrograms } from '../../../src/agents/allowed.ts'
import { argvOf } from '../../../src/runs/verify/check.ts'
import { chooseCheck, defaultCheck } from '../../../src/runs/verify/choose-check.ts'
import { notRun, verdictOf } from '../../../src/runs/verify/verdict.ts'

/** A project with two programs on PATH, of which the owner listed one. */
function setUp(test: Test) {
  const dir = test.testdir({ bin: {}, home: {} })
  for (const name of ['make', 'other'])
    writeFileSync(path.join(dir, 'bin', name), '#!/bin/sh\n', { mode: 0o755 })
  const places = { projectDir: dir, home: path.join(dir, 'home'), searchPath: path.join(dir, 'bin') }
  const make = path.join(dir, 'bin/make')
  const executables = () => listedPrograms(['make'], places)
  return { dir, make, places, access: { executables } }
}

const byRequest = (line: string) => ({ line, isOwners: false })

t.test("a request's check is no shell's, and runs only what the owner listed", async (t) => {
  const { dir, make, places, access } = setUp(t)
  const argv = (line: string) => argvOf(byRequest(line), { allowed: access.executables(), places })
  t.strictSame(argv('make "all tests" -k'), [make, 'all tests', '-k'])
  t.strictSame(argv(`${make} x`), [make, 'x'])
  const link = path.join(dir, 'link')
  symlinkSync(make, link)
  t.strictSame(argv('./link'), [make], "it is run by the owner's name of it")
  const code = 'LOOPER_EXECUTABLE_FORBIDDEN'
  unlinkSync(link)
  symlinkSync(path.join(dir, 'bin/other'), link)
  t.throws(() => argv('./link'), { code }, 'what it leads to counts, whenever it is looked at')
  t.throws(() => argv('other'), {
    code,
    message: /^'verify' is not allowed: .*\/bin\/other \(LOOPER_ALLOWED_EXECUTABLES\)$/,
  })
  t.throws(() => argv('no-such x'), {
    code,
    message: /^'verify' names a program that is not found: no-such /,
  })
  t.throws(() => argv('FOO=1 make'), { code })
  t.throws(() => argv('make && other'), {
    code: 'LOOPER_FIELD_INVALID',
    message: /^'verify': & is for shells/,
  })
})

t.test("the owner's check is a shell's", async (t) => {
  const { places } = setUp(t)
  const rules = { allowed: new Map(), places }
  t.strictSame(argvOf({ line: 'a && b', isOwners: true }, rules), ['/bin/sh', '-c', 'a && b'])
})

t.test(
  'a run has the check that it asks for; with the default prompt, else, that of the settings',
  async (t) => {
    const { places, access } = setUp(t)
    const verify = { line: 'make && true', timeoutMs: 5000 }
    const choice = { verify, isOwners: false, isDefaultRun: false, places, access }
    const none = { line: null, timeoutMs: null }
    t.equal(chooseCheck(none, choice), null)
    t.strictSame(chooseCheck(none, { ...choice, isDefaultRun: true }), {
      line: 'make && true',
      isOwners: true,
      timeoutMs: 5000,
    })
    t.strictSame(chooseCheck({ line: null, timeoutMs: 0 }, { ...choice, isDefaultRun: true }), {
      line: 'make && true',
      isOwners: true,
      timeoutMs: 0,
    })
    t.equal(
      chooseCheck({ ...none, line: ' ' }, { ...choice, isDefaultRun: true }),
      null,
      'an empty one is none',
    )
    t.strictSame(chooseCheck({ ...none, line: 'make x' }, choice), {
      line: 'make x',
      isOwners: false,
      timeoutMs: 5000,
    })
    t.match(
      chooseCheck({ ...none, line: 'make && true' }, choice),
      { isOwners: true },
      'the very line of the settings',
    )
    t.match(chooseCheck({ ...none, line: 'other | x' }, { ...choice, isOwners: true }), { isOwners: true })
    t.throws(() => chooseCheck({ ...none, line: 'other' }, choice), { code: 'LOOPER_EXECUTABLE_FORBIDDEN' })
    for (const line of ['make \0', `make ${'x'.repeat(2000)}`])
      t.throws(() => chooseCheck({ ...none, line }, choice), {
        code: 'LOOPER_FIELD_INVALID',
        message: /'verify'/,
      })
    t.match(chooseCheck({ ...none, line: 'make' }, { isOwners: false, isDefaultRun: true, places, access }), {
      timeoutMs: 600_000,
    })
  },
)

t.test('the default run has that of the settings', async (t) => {
  t.equal(defaultCheck(), null)
  t.equal(defaultCheck({ line: null, timeoutMs: 1 }), null)
  t.strictSame(defaultCheck({ line: 'make', timeoutMs: 1 }), { line: 'make', isOwners: true, timeoutMs: 1 })
})

t.test('only a status that was seen says something', async (t) => {
  t.strictSame(verdictOf(0), { verdict: 'verified', cause: null, returnCode: 0 })
  t.match(verdictOf(1), { verdict: 'refuted', returnCode: 1 })
  t.match(verdictOf(-15), { verdict: 'refuted', cause: 'the check was ended by signal 15' })
  t.match(verdictOf(null), { verdict: 'unverified', returnCode: null })
  t.match(notRun({ outcome: 'failed_to_start', returnCode: null }), {
    verdict: 'unverified',
    cause: 'the check was not run: the run ended as failed to start',
  })
})
