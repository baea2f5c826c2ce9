import { createHmac } from 'node:crypto'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { FAKE_CODEX, failureOf, type RawAnswer, sendRaw } from '../helpers/live-run.ts'
import { carriers } from '../helpers/processes.ts'
import { startTestService, type TestService, textOf, until } from '../helpers/service.ts'

const SECRET = 'the secret of github'

/** A service with hooks, whose chat server can be made to hang, and that can be started anew. */
async function setUp(test: Test) {
  const hook = { kind: 'github', secret: SECRET, message: 'ci says {{name}}' }
  const dir = test.testdirName
  const workspace = path.join(dir, 'ws')
  const hooks = {
    start: { ...hook, prompt: 'sleep 300; echo', workspace },
    stop: { ...hook, prompt: '' },
  }
  test.testdir({ ws: {}, logs: {}, 'hooks.json': JSON.stringify({ hooks }) })
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  let service: TestService
  async function start() {
    service = await startTestService(path.join(dir, 'logs'), {
      CODEX_EXEC_BINARY: FAKE_CODEX,
      LOOPER_HOOKS_FILE: path.join(dir, 'hooks.json'),
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
    })
    const { child, stop } = service
    test.teardown(() => (child.exitCode === null && child.signalCode === null ? stop() : undefined))
  }
  await start()

  const get = async (at: string) => JSON.parse((await sendRaw(service.url, { path: at })).text)
  return {
    zulip,
    get,
    workspace,
    service: () => service,
    /** Lets the next notice hang until the service gives up; resolves when it does. */
    hang: () => new Promise<void>((resolve) => zulip.interrupt(() => resolve())),
    deliver(name: string, hook = 'start'): Promise<RawAnswer> {
      const body = JSON.stringify({ name })
      const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
      return sendRaw(service.url, {
        method: 'POST',
        path: `/hooks/${hook}`,
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'push',
          'x-github-delivery': name,
          'x-hub-signature-256': signature,
        },
        body,
      })
    },
    run: (key: string, more: object = {}, headers: Record<string, string> = {}) =>
      sendRaw(service.url, {
        method: 'POST',
        path: '/run',
        headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
        body: { zulip_message: key, codex_prompt: 'sleep 300; echo', workspace, ...more },
      }),
    live: (runId: string) =>
      until(
        'it is launched, and sleeps',
        async () => (await get(`/runs/${runId}`)).started_at !== null && carriers(runId).length === 2,
      ),
    ended: (runId: string) => until('it is over', async () => (await get(`/runs/${runId}`)).outcome !== null),
    async restart(how: 'SIGTERM' | 'SIGKILL') {
      const { child } = service
      if (how === 'SIGKILL') child.kill(how)
      else test.equal(await service.stop(), 0)
      await until('it is gone', () => child.exitCode !== null || child.signalCode !== null)
      await start()
    },
  }
}

const runIdIn = ({ text }: RawAnswer): string => JSON.parse(text).run_id

t.test('two deliveries at once: the second is launched after the first', async (t) => {
  const { deliver, get, live } = await setUp(t)
  const answers = await Promise.all([deliver('one'), deliver('two')])
  t.strictSame(
    answers.map(({ status }) => status),
    [202, 202],
  )
  const { runs } = await get('/runs')
  const [last, first] = runs
  await live(last.run_id)
  t.match(await get(`/runs/${first.run_id}`), {
    outcome: 'replaced',
    cause: `replaced by run ${last.run_id}`,
  })
  t.equal(runs.length, 2)
})

t.test('of those that come during a launch the newest is launched; the others may come again', async (t) => {
  const { deliver, hang, get, live, zulip, service } = await setUp(t)
  const hanging = hang()
  const first = await deliver('one')
  await hanging
  const [second, third] = [await deliver('two'), await deliver('three')]
  t.strictSame(
    [first, second, third].map(({ status }) => status),
    [202, 202, 202],
  )
  t.equal((await deliver('three')).text, third.text, 'the same one again')
  const displaced = await get(`/runs/${runIdIn(second)}`)
  t.match(displaced, { outcome: 'failed_to_start', cause: /took its place while it waited$/ })
  t.match(textOf(path.join(service().logDir, 'looper-server.log')), /"error":"request \w+ took its place/)

  const stopped = await sendRaw(service().url, {
    method: 'POST',
    path: `/runs/${runIdIn(first)}/stop`,
    headers: { 'content-type': 'application/json' },
  })
  t.equal(stopped.status, 200, 'the launch under way is called off')
  await live(runIdIn(third))
  const again = await deliver('two')
  t.not(runIdIn(again), runIdIn(second), 'it is evaluated anew')
  await live(runIdIn(again))
  t.strictSame(
    zulip.messages.map(({ content }) => /ci says \w+/.exec(content)?.[0]),
    ['ci says three', 'ci says two'],
  )
})

t.test('a delivery that waits when the service is shut down is told, and may come again', async (t) => {
  const { deliver, hang, get, live, restart } = await setUp(t)
  const hanging = hang()
  const first = await deliver('one')
  await hanging
  const second = await deliver('two')
  await restart('SIGTERM')
  for (const answer of [first, second])
    t.match(await get(`/runs/${runIdIn(answer)}`), {
      outcome: 'failed_to_start',
      cause: /^the service is shutting down/,
    })
  for (const [name, before] of [
    ['one', first],
    ['two', second],
  ] as const) {
    const again = await deliver(name)
    t.not(runIdIn(again), runIdIn(before))
    await live(runIdIn(again))
  }
})

t.test(
  'what waits or announces when the service is killed may come again; what was launched may not',
  async (t) => {
    const { deliver, hang, live, restart, zulip } = await setUp(t)
    const launched = await deliver('launched')
    await live(runIdIn(launched))
    const hanging = hang()
    const announcing = await deliver('announcing')
    await hanging
    const waiting = await deliver('waiting')
    await restart('SIGKILL')
    t.equal((await deliver('launched')).text, launched.text)
    t.equal(carriers(runIdIn(launched)).length, 2, 'it lives on')
    for (const [name, before] of [
      ['announcing', announcing],
      ['waiting', waiting],
    ] as const) {
      const again = await deliver(name)
      t.not(runIdIn(again), runIdIn(before))
      await live(runIdIn(again))
    }
    t.equal(zulip.messages.length, 3)
  },
)

t.test('what only stops is done once, and again where it came to nothing', async (t) => {
  const { deliver, hang, live, ended, restart, zulip } = await setUp(t)
  const one = await deliver('one')
  await live(runIdIn(one))
  const hanging = hang()
  const stop = await deliver('stop', 'stop')
  t.strictSame(JSON.parse(stop.text), { ok: true, run_id: null })
  await hanging
  t.equal((await deliver('stop', 'stop')).text, stop.text, 'while it announces')
  await restart('SIGKILL')
  t.equal(carriers(runIdIn(one)).length, 2, 'nothing was stopped')
  await deliver('stop', 'stop')
  await ended(runIdIn(one))

  const two = await deliver('two')
  await live(runIdIn(two))
  const before = zulip.messages.length
  await deliver('stop', 'stop')
  t.equal(zulip.messages.length, before, 'it stopped what it was for')
  t.equal(carriers(runIdIn(two)).length, 2)
})

t.test('a request in the background that a shutdown calls off leaves its key free', async (t) => {
  const { hang, run, get, live, restart } = await setUp(t)
  const hanging = hang()
  const first = await run('k', {}, { prefer: 'respond-async' })
  t.equal(first.status, 202)
  await hanging
  await restart('SIGTERM')
  t.match(await get(`/runs/${runIdIn(first)}`), { outcome: 'failed_to_start' })
  const again = await run('k', {}, { prefer: 'respond-async' })
  t.not(runIdIn(again), runIdIn(first))
  await live(runIdIn(again))
})

t.test(
  'a run that a shutdown ends in its startup check keeps its key, and is told as what it was',
  async (t) => {
    const { run, get, restart } = await setUp(t)
    const slow = { codex_exec_startup_check_seconds: 600 }
    const first = run('k', slow)
    await until('it watches', async () => (await get('/status')).slot.step === 'startup_check')
    const [{ run_id }] = (await get('/runs')).runs
    const stopping = restart('SIGTERM')
    const answer = await first
    t.match(failureOf(answer), { status: 503, code: 'LOOPER_SHUTTING_DOWN' })
    t.match(failureOf(answer).error, run_id)
    await stopping
    const again = failureOf(await run('k', slow))
    t.match(again, { status: 409, code: 'LOOPER_KEY_INTERRUPTED' })
    t.match(again.error, run_id)
    t.match(await get(`/runs/${run_id}`), { outcome: 'stopped', cause: 'the service was shut down' })
  },
)

t.test('a request that was skipped did nothing, and may come again', async (t) => {
  const { run, deliver, get, live } = await setUp(t)
  const one = await deliver('one')
  await live(runIdIn(one))
  const skip = { if_running: 'skip' }
  t.match(JSON.parse((await run('k', skip)).text), { skipped: true })
  await deliver('stop', 'stop')
  await until('it has ended', async () => (await get(`/runs/${runIdIn(one)}`)).outcome !== null)
  await until('the slot is free', async () => !(await get('/status')).slot.taken)
  t.match(JSON.parse((await run('k', skip)).text), { codex_exec_started: true })
})
