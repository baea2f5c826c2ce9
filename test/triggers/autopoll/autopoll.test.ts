import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { Status } from '../../../src/cli/status.ts'
import { isRunLogName } from '../../../src/logs/run-log.ts'
import { startLoopbackModel, writeCodexHome } from '../../fixtures/loopback-model.ts'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'
import { findObstacles, writeCodexProgram, writeScratchRepository } from '../../fixtures/real-codex.ts'
import { sampleOf } from '../../helpers/metrics.ts'
import { carriers, runIdOf } from '../../helpers/processes.ts'
import { PROJECT, startTestService, textOf, until } from '../../helpers/service.ts'

const settingsOf = (dir: string, settings: NodeJS.ProcessEnv) => ({
  CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
  LOOPER_WORKSPACE: path.join(dir, 'ws'),
  LOOPER_DEFAULT_PROMPT_FILE: path.join(dir, 'prompt'),
  LOOPER_IDLE_POLL_SECONDS: '0.1',
  ...settings,
})

/** A service whose autopoll launches the prompt in the file. */
async function setUp(
  test: Test,
  prompt: string,
  settings: NodeJS.ProcessEnv = {},
  prepare: (dir: string) => Promise<void> = async () => undefined,
) {
  const dir = test.testdir({ logs: {}, ws: {}, prompt })
  await prepare(dir)
  const service = await startTestService(path.join(dir, 'logs'), settingsOf(dir, settings))
  test.teardown(() => service.stop())
  const serverLog = () => textOf(path.join(dir, 'logs/looper-server.log'))
  const runLogs = () => readdirSync(path.join(dir, 'logs')).filter(isRunLogName)
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
  // A run of more than five seconds is no failure.
  const { runLogs } = await setUp(t, 'sleep 5.2')
  await until('two runs', () => runLogs().length >= 2)
})

t.test(
  'after runs that end at once it waits longer, then pauses and says so once, until a request',
  async (t) => {
    const place = t.testdirName
    const zulip = await startLoopbackZulip()
    t.teardown(() => zulip.close())
    const settings = {
      LOOPER_IDLE_POLL_SECONDS: '0.1',
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
    }
    const { service, serverLog, runLogs, dir } = await setUp(t, 'exit 1', settings)
    await until('the pause', () =>
      serverLog().includes('paused: 5 runs in a row failed or ended at once; POST /run resumes'),
    )
    t.equal(runLogs().length, 5)
    t.match(serverLog(), /the last run failed or ended at once; the next is due at \d{4}-/)
    t.match(serverLog(), /[2-4] runs in a row failed or ended at once; the next is due at \d{4}-/)
    t.notMatch(serverLog(), /1 runs/)
    await until('the notice', () => zulip.messages.length > 0)
    const pauses = () => serverLog().split('codex.exec.autopoll.pause').length - 1
    const skips = () => serverLog().split('paused: 5 runs').length - 1
    const before = skips()
    await until('more ticks', () => skips() > before + 3)
    t.equal(pauses(), 1)

    await service.stop()
    const next = await startTestService(path.join(place, 'logs'), settingsOf(dir, settings))
    t.teardown(() => next.stop())
    const atRestart = skips()
    await until('ticks of the next life', () => skips() > atRestart + 3)
    t.equal(pauses(), 1, 'the pause is told once, also across a restart')
    t.strictSame(
      zulip.messages.map(({ content }) => content),
      ["Looper's autopoll pauses: 5 runs in a row failed or ended at once. POST /run resumes it."],
    )
    t.equal(runLogs().length, 5)

    await next.post({ zulip_message: 'on', codex_prompt: 'true', workspace: dir })
    await until('the autopoll goes on', () => runLogs().filter((name) => name.includes('-auto')).length > 5)
  },
)

t.test('a notice of the pause that cannot be sent is told, and not tried again', async (t) => {
  const { serverLog } = await setUp(t, 'kill -9 $$', {
    LOOPER_IDLE_POLL_SECONDS: '0.02',
    LOOPER_ZULIP_REQUIRED: '1',
  })
  const skips = () => serverLog().split('paused: 5 runs').length - 1
  await until('ticks in the pause', () => skips() > 3)
  t.equal(serverLog().split('codex.exec.autopoll.notice.fail').length - 1, 1)
})

t.test('it launches no more runs within an hour than it may', async (t) => {
  const { serverLog, runLogs } = await setUp(t, 'sleep 5.2', { LOOPER_AUTO_MAX_RUNS_PER_HOUR: '1' })
  await until('a tick that skips', () =>
    serverLog().includes('it launched 1 runs within an hour (LOOPER_AUTO_MAX_RUNS_PER_HOUR)'),
  )
  t.equal(runLogs().length, 1)
})

t.test('the log of the last run may be removed: the autopoll goes on', async (t) => {
  const { serverLog, runLogs, dir } = await setUp(t, 'echo out; exit 1', { LOOPER_IDLE_POLL_SECONDS: '0.02' })
  await until('a run', () => /"msg":"cmd.fail"/.test(serverLog()))
  for (const name of runLogs()) rmSync(path.join(dir, 'logs', name))
  await until('the pause', () => serverLog().includes('paused: 5 runs in a row failed'))
  t.notMatch(serverLog(), 'codex.exec.autopoll.fail')
})

const obstacle = findObstacles().toRun
t.test(
  'at the usage limit of the real codex it waits until the limit is lifted, and says so',
  { skip: obstacle !== null && `codex does not run on this machine: ${obstacle}` },
  async (t) => {
    const place = t.testdirName
    const model = await startLoopbackModel()
    t.teardown(() => model.close())
    await t.test('with a model that is at its limit', async (t) => {
      const codexEnv = await writeCodexHome(path.join(place, 'codex-home'), model)
      const { serverLog, runLogs } = await setUp(
        t,
        'LIMIT',
        { ...codexEnv, CODEX_EXEC_BINARY: path.join(t.testdirName, 'bin/codex') },
        async (dir) => {
          writeCodexProgram(path.join(dir, 'bin'), 'danger-full-access')
          writeScratchRepository(path.join(dir, 'ws'))
        },
      )
      // Clocks differ a little.
      const until_ = new Date(model.resetsAt * 1000 + 2000).toISOString()
      await until(
        'a tick that waits',
        () => serverLog().includes(`the usage limit of codex is reached: its runs are held until ${until_}`),
        60_000,
      )
      t.equal(runLogs().length, 1)
    })
  },
)

/** Asks the autopoll of a service. */
function autopollOf({ url }: { readonly url: string }) {
  return {
    async post(what: string) {
      const response = await fetch(`${url}/autopoll/${what}`, { method: 'POST' })
      return { status: response.status, body: JSON.parse(await response.text()) }
    },
    async status(): Promise<Status> {
      return JSON.parse(await (await fetch(`${url}/status`)).text())
    },
    async pausedMetric() {
      return sampleOf(await (await fetch(`${url}/metrics`)).text(), 'looper_autopoll_paused')
    },
  }
}

t.test('somebody pauses it, also across a restart, launches all the same, and resumes it', async (t) => {
  const place = t.testdirName
  const settings = { LOOPER_IDLE_POLL_SECONDS: '300' }
  const { service, serverLog, runLogs, dir } = await setUp(t, 'sleep 300', settings)
  const first = autopollOf(service)
  await until('its first run', async () => (await first.status()).current !== null)
  t.match(await first.post('launch'), {
    status: 409,
    body: { code: 'LOOPER_BUSY', error: 'busy: an agent is running' },
  })
  t.match(await first.post('pause'), { status: 200, body: { ok: true, paused: true } })
  t.match(await first.status(), {
    autopoll: { paused: true, would_skip: 'an agent is running' },
    current: { trigger: 'autopoll', name: 'sleep 300' },
  })
  await service.stop()

  const next = await startTestService(path.join(place, 'logs'), settingsOf(dir, settings))
  t.teardown(() => next.stop())
  const second = autopollOf(next)
  await until('a look', () => serverLog().includes('"reason":"paused by a request'))
  t.match(await second.status(), {
    autopoll: { paused: true, would_skip: 'paused by a request; POST /autopoll/resume resumes' },
    current: null,
  })
  t.equal(await second.pausedMetric(), 1)
  const { status, body } = await second.post('launch')
  t.match(
    { status, body },
    { status: 200, body: { ok: true, run_id: String, request_id: /^auto[0-9a-f]{8}$/ } },
  )
  t.equal((await second.status()).current?.run_id, body.run_id)
  t.equal(runLogs().length, 2)
  await next.post({ zulip_message: 'stop', codex_prompt: '' })
  t.match((await second.status()).autopoll, { paused: true }, 'a launch resumes nothing')
  t.match(await second.post('resume'), { status: 200, body: { ok: true, paused: false } })
  await until('it launches at once', () => runLogs().length === 3)
  t.match((await second.status()).autopoll, { paused: false })
  t.equal(await second.pausedMetric(), 0)
})

t.test('resumed after a row of failures, it begins anew', async (t) => {
  const { service, serverLog, runLogs } = await setUp(t, 'exit 1', { LOOPER_IDLE_POLL_SECONDS: '0.02' })
  await until('the pause', () => serverLog().includes('paused: 5 runs in a row failed'))
  const autopoll = autopollOf(service)
  t.match(await autopoll.status(), { autopoll: { paused: true } })
  t.equal(await autopoll.pausedMetric(), 1, 'the metric counts its own pause, too')
  await autopoll.post('resume')
  await until('five runs more, and the next pause', () => runLogs().length === 10)
  await until('it pauses again', async () => (await autopoll.status()).autopoll?.paused === true)
})

t.test('where it is off, there is nothing to pause', async (t) => {
  const { service } = await setUp(t, 'true', { LOOPER_AUTO_START_WHEN_IDLE: '0' })
  for (const what of ['pause', 'resume', 'launch']) {
    t.match(
      await autopollOf(service).post(what),
      { status: 409, body: { code: 'LOOPER_AUTOPOLL_OFF' } },
      what,
    )
  }
})

t.test('a launch that cannot work is told, and tried again', async (t) => {
  const { serverLog } = await setUp(t, 'true', { CODEX_EXEC_BINARY: '/no/such/codex' })
  await until('two failures', () => serverLog().split('codex.exec.autopoll.fail').length > 2)
  t.match(serverLog(), 'required tool is missing from PATH: /no/such/codex')
})

t.test('it waits while the newest run log changed within the stale window', async (t) => {
  const settings = { LOOPER_IDLE_LOG_STALE_SECONDS: '600' }
  const { serverLog, runLogs } = await setUp(t, 'true', settings, async (dir) => {
    // One that is removed at that very moment looks no different.
    symlinkSync('nowhere', path.join(dir, 'logs/codex-exec-20260101-000000-0a1b2c3d.log'))
  })
  await until('a tick that skips', () => serverLog().includes('the newest run log changed a short while ago'))
  t.equal(runLogs().length, 2)
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
  t.match(await autopollOf(service).post('launch'), {
    status: 409,
    body: { code: 'LOOPER_BUSY', error: /^busy: another launch/ },
  })
  t.equal(runLogs().length, 1)
  await service.stop()
  t.equal((await answer).status, 503)
})
