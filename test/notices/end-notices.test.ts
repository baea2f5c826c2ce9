import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, killService, serverLogOf, setUpFault } from '../helpers/fault-service.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

const buffered = { buffered: true }
/** An agent that waits for a file in its workspace. */
const waitFor = (file: string) => `while [ ! -e ${file} ]; do sleep 0.05; done`
const failures = (logDir: string): string[] =>
  serverLogOf(logDir)
    .split('\n')
    .filter((line) => line.includes('"notice.end.fail"'))

t.test('the notice of a run is edited when it ended, and nothing else is sent', buffered, async (t) => {
  const { run, zulip } = await setUpFault(t)
  await run("printf 'one\\ntwo\\n'; printf 'tokens used\\n12,345\\n'", { zulip_message: 'Starting **now**' })
  await until('the edit', () => zulip.edits.length === 1)
  t.match(zulip.edits, [
    {
      id: 42,
      content:
        /^Starting \*\*now\*\*\n\n✅ exited 0 after .* s · 12,345 tokens\n```text\none\ntwo\ntokens used\n12,345\n```$/,
    },
  ])
  t.match(zulip.messages, [{ id: 42, content: 'Starting **now**' }])
  t.equal(zulip.messages.length, 1)
})

t.test('a run that ends within the startup check has its end told, too', buffered, async (t) => {
  const { run, zulip } = await setUpFault(t)
  const answer = await run('echo no such model; exit 3', { codex_exec_startup_check_seconds: 10 })
  t.equal(answer.body.code, 'LOOPER_AGENT_EXITED_EARLY')
  await until('the edit', () => zulip.edits.length === 1)
  t.match(zulip.edits[0]?.content, /^a run\n\n❌ exited 3 after .*\n```text\nno such model\n```$/)
})

t.test('a replaced run says by which one, and a stopped one by whom', buffered, async (t) => {
  const { run, service, zulip } = await setUpFault(t)
  await run('sleep 300')
  const second = await run('sleep 300')
  await until('the first edit', () => zulip.edits.length === 1)
  t.equal(zulip.edits[0]?.id, 42)
  t.match(zulip.edits[0]?.content, `· return code -2 · replaced by run ${second.runId}`)
  t.match(zulip.edits[0]?.content, /^a run\n\n♻ replaced after/)
  await run('')
  await until('the second edit', () => zulip.edits.length === 2)
  t.match(zulip.edits[1], { id: 43, content: /\n⏹ stopped after .* · stopped by request [0-9a-f]{8}$/ })

  await run('sleep 300')
  t.equal(await service.stop(), 0)
  t.match(zulip.edits[2], { id: 45, content: /\n⏹ stopped after .* · the service was shut down$/ })
  t.equal(zulip.edits.length, 3, 'the notice that only stopped is left alone')
})

t.test('a run that was announced and never started says so', buffered, async (t) => {
  const { run, service, zulip, logDir } = await setUpFault(t)
  const answer = run('true', { codex_exec_delay_seconds: 600 })
  await until('the delay', () => serverLogOf(logDir).includes('"step":"delay"'))
  t.equal(await service.stop(), 0)
  t.equal((await answer).status, 503)
  t.match(zulip.edits, [{ id: 42, content: /^a run\n\n🚫 failed to start · the service is shutting down/ }])
})

t.test('the next life of the service tells the end of what the last one announced', buffered, async (t) => {
  const { run, service, zulip, restart, workspace } = await setUpFault(t)
  const { runId } = await run(`echo hello; ${waitFor('go')}; exit 4`, { zulip_message: 'first' })
  await killService(service)
  const next = await restart()
  writeFileSync(path.join(workspace, 'go'), '')
  await endOf(next, runId)
  await until('the edit of the adopted run', () => zulip.edits.length === 1)
  t.match(zulip.edits, [{ id: 42, content: /^first\n\n❌ exited 4 after .*\n```text\nhello\n```$/ }])

  const { log } = await run(`echo hello; ${waitFor('on')}; exit 5`, { zulip_message: 'second' }, next)
  await killService(next)
  writeFileSync(path.join(workspace, 'on'), '')
  await until('its end', () => textOf(log).endsWith('return_code=5\n'))
  await restart()
  await until('the edit of the one that ended meanwhile', () => zulip.edits.length === 2)
  t.match(zulip.edits[1], { id: 43, content: /^second\n\n❌ exited 5 after .*\n```text\nhello\n```$/ })
})

t.test('output mentions nobody, leaves its block nowhere and tells no secret', buffered, async (t) => {
  const { run, zulip, workspace } = await setUpFault(t)
  const lines = ['@**all** @*team*', '```', '@**all**', `\u001b[31mkey ${zulip.account.key}\u001b[0m`]
  writeFileSync(path.join(workspace, 'output'), `${lines.join('\n')}\n`)
  await run('cat output')
  await until('the edit', () => zulip.edits.length === 1)
  t.match(
    zulip.edits[0]?.content,
    /\n````text\n@\u200b\*\*all\*\* @\u200b\*team\*\n```\n@\u200b\*\*all\*\*\nkey \[redacted\]\n````$/,
  )
})

t.test('a notice and an output of thousands of emoji fit into one message', buffered, async (t) => {
  const { run, zulip } = await setUpFault(t)
  const bananas = 'for i in 1 2 3 4 5 6 7 8 9; do echo 🍌🍌🍌🍌🍌🍌🍌🍌🍌🍌; done'
  await run(`for j in 1 2 3 4 5 6 7 8 9; do ${bananas}; done`, { zulip_message: '🚀'.repeat(10_000) })
  await until('the edit', () => zulip.edits.length === 1)
  const { content = '' } = zulip.edits[0] ?? {}
  t.ok([...content].length <= 10_000)
  t.match(content, /^🚀{8499}…\n\n✅ exited 0 after .* s\n```text\n(🍌{10}\n){20}```$/u)
})

t.test('a message that may not be edited any more is answered with one of its own', buffered, async (t) => {
  const { run, zulip } = await setUpFault(t)
  zulip.passEditLimit()
  const { runId } = await run('echo hello', { zulip_message: 'Start\nnow' })
  await until('the message', () => zulip.messages.length === 2)
  t.match(zulip.messages[1], { type: 'channel', to: 'coding', topic: 'verified-cad' })
  t.match(
    zulip.messages[1]?.content,
    /^Run `[0-9a-f-]{36}`: Start\n\n✅ exited 0 after .* s\n```text\nhello\n```$/,
  )
  t.match(zulip.messages[1]?.content, runId)
  t.strictSame(zulip.edits, [])
})

t.test('the end is a message of its own where that is wanted', buffered, async (t) => {
  const { run, zulip } = await setUpFault(t, { LOOPER_NOTIFY_END: 'message' })
  const { runId } = await run('exit 3')
  await until('the message', () => zulip.messages.length === 2)
  const { content = '' } = zulip.messages[1] ?? {}
  t.match(content, /^Run `[0-9a-f-]{36}`: a run\n\n❌ exited 3 after .* s$/)
  t.match(content, runId)
  t.strictSame(zulip.edits, [])
})

t.test('the end is not told where that is wanted', buffered, async (t) => {
  const { run, service, zulip } = await setUpFault(t, { LOOPER_NOTIFY_END: 'off' })
  const { runId } = await run('true')
  await endOf(service, runId)
  t.equal(await service.stop(), 0)
  t.equal(zulip.messages.length, 1)
  t.strictSame(zulip.edits, [])
})

t.test('a notice that is no message of Zulip gets no end', buffered, async (t) => {
  const script = path.join(t.testdirName, 'notify.ts')
  const { run, service, zulip, restart, logDir } = await setUpFault(
    t,
    { LOOPER_ALLOWED_EXECUTABLES: script },
    { 'notify.ts': 'console.log("OK message_id=42")' },
  )
  const byScript = await run('true', { zulip_script_path: script })
  t.match(await endOf(service, byScript.runId), { notice: 'OK message_id=42', notice_id: null })
  t.equal(await service.stop(), 0)
  const next = await restart({ ZULIP_SITE: '', ZULIP_BOT_EMAIL: '', ZULIP_BOT_API_KEY: '' })
  const skipped = await run('true', {}, next)
  t.match(await endOf(next, skipped.runId), { notice: /^SKIPPED/, notice_id: null })
  t.equal(await next.stop(), 0)
  t.strictSame([zulip.messages, zulip.edits, failures(logDir)], [[], [], []])
})

t.test('a run whose log was removed has its end told without lines', buffered, async (t) => {
  const { run, zulip, logDir } = await setUpFault(t)
  await run(`rm ${path.join(logDir, 'codex-exec-*.log')}`)
  await until('the edit', () => zulip.edits.length === 1)
  t.match(zulip.edits[0]?.content, /^a run\n\n✅ exited 0 after .* s · its log was removed while it ran$/)
})

t.test(
  'an end that Zulip would not take is told later, and everybody sees what waits',
  buffered,
  async (t) => {
    const { run, service, zulip } = await setUpFault(t)
    const outbox = async (query = '') => (await fetch(`${service.url}/outbox${query}`)).json()
    const { runId } = await run('echo hello')
    zulip.interruptEdit((_request, response) => {
      response.writeHead(503)
      response.end('{"result":"error","msg":"restarting"}')
    })
    await until('the edit', () => zulip.edits.length === 1)
    await until('it is noted', async () => Object(await outbox()).pending === 0)
    t.match(await outbox('?state=sent'), {
      pending: 0,
      given_up: 0,
      oldest_pending_at: null,
      messages: [
        { run_id: runId, state: 'sent', attempts: 2, message_id: 42, next_at: null, conversation: /coding/ },
        { run_id: runId, state: 'sent', edits: null, text: 'a run', message_id: 42 },
      ],
    })
    zulip.interruptEdit(() => undefined)
    const second = await run('true')
    await until('it waits', async () => Object(await outbox()).pending === 1)
    t.match(await outbox('?state=pending&limit=1'), {
      oldest_pending_at: String,
      messages: [{ run_id: second.runId, state: 'pending', done_at: null }],
    })
    t.match(await outbox('?state=lost'), { code: 'LOOPER_FIELD_INVALID' })
  },
)

t.test('a service that is killed as it tells an end tells it in its next life, once', buffered, async (t) => {
  const { run, service, zulip, restart } = await setUpFault(t, { LOOPER_NOTIFY_END: 'message' })
  const taken = Promise.withResolvers<void>()
  zulip.onMessage(({ content }) => {
    if (!content.startsWith('Run')) return
    taken.resolve()
  })
  await run('sleep 0.2')
  await taken.promise
  await killService(service)
  const next = await restart()
  const third = await run('exit 3', {}, next)
  await until('the next end', () => zulip.messages.some(({ content }) => content.includes(third.runId)))
  t.equal(zulip.messages.filter(({ content }) => content.startsWith('Run')).length, 2)
})

t.test('a Zulip that is gone at the end harms nothing', buffered, async (t) => {
  const { run, service, zulip, workspace, logDir } = await setUpFault(t)
  const { runId } = await run(waitFor('go'))
  await zulip.close()
  writeFileSync(path.join(workspace, 'go'), '')
  t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0, notice_id: 42 })
  await until('the failure', () => failures(logDir).length === 1)
  t.match(failures(logDir), [/"run_id":"[0-9a-f-]{36}","error":"cannot reach http/])
  t.equal((await fetch(`${service.url}/health`)).status, 200)
  t.equal(await service.stop(), 0)
})

for (const signals of [1, 2]) {
  const limit = signals === 1 ? 'has two seconds' : 'is not waited for where a second signal comes'
  t.test(`at the shutdown a Zulip that does not answer ${limit}`, buffered, async (t) => {
    const { run, service, zulip, logDir } = await setUpFault(t)
    const { runId } = await run('sleep 300')
    const asked = new Promise<void>((resolve) => zulip.interruptEdit(() => resolve()))
    const stopped = service.stop()
    await asked
    const begin = performance.now()
    if (signals === 2) service.child.kill('SIGTERM')
    t.equal(await stopped, 0)
    const took = performance.now() - begin
    t.ok(signals === 1 ? took > 1000 && took < 8000 : took < 1900, `it took ${took} ms`)
    const why = signals === 1 ? 'not delivered within 2 s' : 'This operation was aborted'
    t.match(failures(logDir), [`"run_id":"${runId}","error":"${why}"`])
  })
}
