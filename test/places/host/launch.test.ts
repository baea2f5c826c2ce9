import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import { type HostSpec, launch } from '../../../src/places/host/launch.ts'
import { readState } from '../../../src/places/host/state-file.ts'
import { createWrappers } from '../../../src/places/host/wrappers.ts'
import { linuxTable } from '../../../src/processes/linux.ts'
import { textOf } from '../../helpers/service.ts'

/** Launches this argv with these changes. */
function start(test: Test, argv: readonly string[], more: Partial<HostSpec> = {}) {
  const dir = test.testdir({ log: '' })
  const stateDir = path.join(dir, 'states')
  return launch({
    runId: 'the-run',
    workspace: dir,
    command: { argv, stdin: null, env: {}, files: {} },
    logPath: path.join(dir, 'log'),
    env: process.env,
    stateDir,
    table: linuxTable(),
    clock: systemClock,
    wrappers: createWrappers(stateDir),
    assertAllowed: () => undefined,
    ...more,
  })
}

t.test('what the system refuses to start is told as such', async (t) => {
  await t.rejects(start(t, ['true'], { env: { TOO_LONG: 'x'.repeat(200_000) } }), {
    code: 'LOOPER_LAUNCH_FAILED',
    message: /^cannot launch the agent: .*E2BIG/,
  })
  await t.rejects(start(t, ['true'], { stateDir: '/dev/null/states' }), {
    code: 'LOOPER_LAUNCH_FAILED',
    message: 'cannot launch the agent: /dev/null exists and is not a directory',
  })
})

t.test('a command adds to the environment, and takes out of it', async (t) => {
  const env = { PATH: process.env.PATH, KEPT: 'kept', GONE: 'gone' }
  const argv = ['sh', '-c', 'echo "$KEPT $ADDED $(env | grep -c ^GONE)" >env']
  const command = { argv, stdin: null, env: { ADDED: 'added', GONE: null }, files: {} }
  t.equal(await (await start(t, argv, { env, command })).status, 0)
  t.equal(textOf(path.join(t.testdirName, 'env')), 'kept added 0\n')
})

t.test('a program that vanished ends the run with 127', async (t) => {
  t.equal(await (await start(t, ['/no/such/codex'])).status, 127)
})

t.test('the state file holds the identity of the agent', async (t) => {
  const { agent, wrapper, status } = await start(t, ['sleep', '0.2'])
  t.match(readState(path.join(t.testdirName, 'states/the-run')), { agent, wrapper })
  t.match(readState(path.join(t.testdirName, 'states/another')), { agent: null, wrapper: null })
  t.equal(await status, 0)
})
