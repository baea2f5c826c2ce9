import { readdirSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { carriers, runIdOf } from '../helpers/processes.ts'
import { PROJECT, startTestService, textOf, until } from '../helpers/service.ts'

/** A service whose autopoll launches the prompt in the file. */
async function setUp(test: Test, prompt: string, settings: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir({ logs: {}, ws: {}, prompt })
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
    LOOPER_WORKSPACE: path.join(dir, 'ws'),
    LOOPER_DEFAULT_PROMPT_FILE: path.join(dir, 'prompt'),
    LOOPER_IDLE_POLL_SECONDS: '0.1',
    ...settings,
  })
  test.teardown(() => service.stop())
  const serverLog = () => textOf(path.join(dir, 'logs/looper-server.log'))
  const runLogs = () => readdirSync(path.join(dir, 'logs')).filter((name) => name.startsWith('codex-exec-'))
  return { service, serverLog, runLogs, dir }
}

t.test('it launches at start, announces nothing, and leaves a live agent alone', async (t) => {
  const { service, serverLog, runLogs } = await setUp(t, 'sleep 300')
  await until('a tick that skips', () => serverLog().includes('"reason":"an agent is running"'))
  t.equal(runLogs().length, 1)
  t.match(runLogs()[0], /-auto[0-9a-f]{8}\.log$/)
  t.notMatch(serverLog(), /"step":"notice"|notice\.skipped/)
  const runId = runIdOf(serverLog())
  t.equal(carriers(runId).length, 2)
  t.equal(await service.stop(), 0)
  t.same(carriers(runId), [], 'a shutdown stops it')
  t.match(serverLog(), 'codex.exec.autopoll.off')
})

t.test('it launches again when nothing runs any more', async (t) => {
  const { runLogs } = await setUp(t, 'true')
  await until('three runs', () => runLogs().length >= 3)
})

t.test('a launch that cannot work is told, and tried again', async (t) => {
  const { serverLog } = await setUp(t, 'true', { CODEX_EXEC_BINARY: '/no/such/codex' })
  await until('two failures', () => serverLog().split('codex.exec.autopoll.fail').length > 2)
  t.match(serverLog(), 'required tool is missing from PATH: /no/such/codex')
})

t.test('it waits while the newest run log changed within the stale window', async (t) => {
  const { serverLog, runLogs } = await setUp(t, 'true', { LOOPER_IDLE_LOG_STALE_SECONDS: '600' })
  await until('a tick that skips', () => serverLog().includes('the newest run log changed a short while ago'))
  t.equal(runLogs().length, 1)
})

t.test('while a request holds the slot, it says so and launches nothing', async (t) => {
  const { service, serverLog, runLogs, dir } = await setUp(t, 'true', {
    LOOPER_IDLE_LOG_STALE_SECONDS: '600',
    LOOPER_IDLE_POLL_SECONDS: '1',
  })
  const ticks = () => serverLog().split('codex.exec.autopoll.skip').length
  await until('a tick that skips', () => ticks() > 1)
  // Just after a tick, so that the slot is free.
  const answer = service.post({
    zulip_message: 'x',
    codex_prompt: 'true',
    workspace: dir,
    codex_exec_delay_seconds: 600,
  })
  await until('a tick that skips', () => serverLog().includes('another launch is in progress'))
  t.equal(runLogs().length, 1)
  await service.stop()
  t.equal((await answer).status, 503)
})
