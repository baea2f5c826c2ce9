import path from 'node:path'
import t from 'tap'
import { FAKE_CODEX, failureOf, sendRaw, startTarget } from '../helpers/live-run.ts'
import { carriers } from '../helpers/processes.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

t.test('the same key again gets the first answer again, and another body is refused', async (t) => {
  const { run, send, zulip, untouched } = await startTarget(t)
  for (const key of ['x'.repeat(256), 'ä', 'a\tb']) {
    const bad = await run({}, { 'idempotency-key': Buffer.from(key).toString('latin1') })
    t.match(failureOf(bad), { status: 400, code: 'LOOPER_FIELD_INVALID' })
  }
  await untouched(t, 'keys that are none')

  const key = { 'idempotency-key': 'once and for all' }
  const first = await run({ codex_prompt: 'sleep 300; true' }, key)
  t.equal(first.status, 200)
  const { run_id } = JSON.parse(first.text)
  await until('it lives', () => carriers(run_id).length === 2)
  const state = async () => [
    carriers(run_id).sort(),
    (await send({ path: '/runs' })).text,
    zulip.messages.length,
  ]
  const before = await state()

  const again = await run({ codex_prompt: 'sleep 300; true' }, key)
  t.strictSame([again.status, again.text], [first.status, first.text])
  t.strictSame(await state(), before)
  const other = await run({ codex_prompt: 'touch attacked' }, key)
  t.match(failureOf(other), { status: 422, code: 'LOOPER_KEY_REUSED' })
  t.strictSame(await state(), before)
})

t.test('ten at once with one key start one run', async (t) => {
  const { run, send } = await startTarget(t)
  const key = { 'idempotency-key': 'k' }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => run({ codex_prompt: 'sleep 300; true' }, key)),
  )
  const good = answers.filter(({ status }) => status === 200)
  t.ok(good.length >= 1)
  t.equal(new Set(good.map(({ text }) => text)).size, 1, 'those that worked are one answer')
  for (const answer of answers.filter(({ status }) => status !== 200))
    t.match(failureOf(answer), { status: 409, code: 'LOOPER_KEY_IN_USE' })
  t.equal(JSON.parse((await send({ path: '/runs' })).text).runs.length, 2, 'the live one and this one')
})

t.test('a launch that failed at once is not repeated: its failure is the answer, to the byte', async (t) => {
  const { run, send } = await startTarget(t)
  const key = { 'idempotency-key': 'k' }
  const failing = { codex_prompt: 'echo ran >> ran; exit 3', codex_exec_startup_check_seconds: 5 }
  const first = await run(failing, key)
  t.match(failureOf(first), { status: 500, code: 'LOOPER_AGENT_EXITED_EARLY' })
  const again = await run(failing, key)
  t.strictSame([again.status, again.text], [first.status, first.text])
  t.equal(JSON.parse((await send({ path: '/runs' })).text).runs.length, 2, 'the live one and this one')
})

t.test('a key outlives the service, and never begins a run twice, wherever the service died', async (t) => {
  const { run, live, service, zulip, dir, root } = await startTarget(t)
  const settings = {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    LOOPER_WORKSPACE_ROOTS: root,
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  }
  const body = {
    zulip_message: 'x',
    codex_prompt: 'sleep 300; true',
    workspace: path.join(root, 'workspace'),
  }
  const answered = await run(body, { 'idempotency-key': 'answered' })
  t.equal(answered.status, 200)

  // It dies while it announces: the run is on the record, and nobody knows of a launch.
  const hangs = new Promise<void>((resolve) => zulip.interrupt(() => resolve()))
  const announcing = run(body, { 'idempotency-key': 'announcing' }).catch(() => null)
  await hangs
  service.child.kill('SIGKILL')
  await announcing

  const second = await startTestService(path.join(dir, 'logs'), settings)
  t.teardown(() => second.stop())
  const post = (url: string, key: string, more = {}) =>
    sendRaw(url, {
      method: 'POST',
      path: '/run',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: { ...body, ...more },
    })
  const again = await post(second.url, 'answered')
  t.strictSame(
    [again.status, again.text],
    [answered.status, answered.text],
    'the first answer, after a restart',
  )
  const tried = await post(second.url, 'announcing')
  t.equal(tried.status, 200, 'nothing had been launched')
  t.strictSame(carriers(live.runId), [])

  // It dies while the new agent is watched: the run goes on, and the answer is lost.
  const slow = { codex_exec_startup_check_seconds: 600 }
  const watching = post(second.url, 'watching', slow).catch(() => null)
  const serverLog = () => textOf(path.join(second.logDir, 'looper-server.log'))
  await until('it watches', () => serverLog().includes('"step":"startup_check","ms":600000'))
  second.child.kill('SIGKILL')
  await watching

  const third = await startTestService(path.join(dir, 'logs'), settings)
  t.teardown(() => third.stop())
  const told = await post(third.url, 'watching', slow)
  t.match(failureOf(told), { status: 409, code: 'LOOPER_KEY_INTERRUPTED' })
  const { runs } = JSON.parse((await sendRaw(third.url, { path: '/runs' })).text)
  t.match(failureOf(told).error, runs[0].run_id)
  t.equal(runs[0].outcome, null, 'it lives')
  t.equal(carriers(runs[0].run_id).length, 2)
})
