import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { carriers, runIdOf } from '../helpers/processes.ts'
import { PROJECT, startTestService, textOf, until } from '../helpers/service.ts'

const FAKE_CODEX = path.join(PROJECT, 'test/fixtures/codex')

/** A service with a loopback Zulip, the scripted agent as codex, and an empty workspace. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}, files: Record<string, string> = {}) {
  const dir = test.testdir({ workspace: {}, logs: {}, ...files })
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
    ...settings,
  })
  test.teardown(() => service.stop())
  const workspace = path.join(dir, 'workspace')
  /** Posts a run whose prompt is this shell code. */
  const run = async (prompt: string, more: object = {}) => {
    const answer = await service.post({ zulip_message: 'a run', codex_prompt: prompt, workspace, ...more })
    const result = answer.body.codex_exec_result
    const runId = result ? runIdOf(result.command) : ''
    return { ...answer, pid: result?.pid ?? 0, log: result?.log_path ?? '', runId }
  }
  return { zulip, service, workspace, run, dir }
}

const trailer = (code: number) => `\n# codex_exec_return_code=${code}\n`
const ended = (log: string) => until(`the trailer in ${log}`, () => /_return_code=\S+\n$/.test(textOf(log)))

t.test('a run is announced, launched and answered as callers expect', async (t) => {
  const { zulip, run, workspace } = await setUp(t)
  const { status, body, pid, log, runId } = await run(
    'echo out; echo err >&2; printf unterminated; sleep 0.2; exit 3',
  )
  t.equal(status, 200)
  const command =
    `${FAKE_CODEX} --ask-for-approval never exec --sandbox workspace-write -C ${workspace} ` +
    `-c shell_environment_policy.set.LOOPER_RUN_ID=${runId} -- ` +
    `'echo out; echo err >&2; printf unterminated; sleep 0.2; exit 3'`
  const result = { pid, log_path: log, command, startup_return_code: null }
  const requestId = /-([0-9a-f]{8})\.log$/.exec(log)?.[1]
  t.strictSame(body, {
    ok: true,
    zulip_output: 'OK message_id=42 type=stream stream=coding topic=verified-cad',
    killed_codex_exec_pids: [],
    remaining_codex_exec_pids: [],
    workspace,
    codex_exec_binary: FAKE_CODEX,
    codex_exec_binary_source: 'env',
    run_id: runId,
    request_id: requestId,
    codex_exec_started: true,
    codex_exec_result: result,
    codex_exec_approval_policy: 'never',
    codex_exec_sandbox: 'workspace-write',
    killed_vscode_pids: [],
    remaining_vscode_pids: [],
    codex_prompt_sent: true,
    codex_send_result: result,
  })
  t.match(zulip.messages, [{ type: 'channel', to: 'coding', topic: 'verified-cad', content: 'a run' }])
  t.match(path.basename(log), /^codex-exec-\d{8}-\d{6}-[0-9a-f]{8}\.log$/)
  await ended(log)
  t.equal(
    textOf(log),
    `# looper_request_id=${requestId}\n# workspace=${workspace}\n# command=${command}\n\n` +
      `out\nerr\nunterminated\n${trailer(3)}`,
  )
})

t.test(
  'the agent runs in the workspace, in a session of its own, with an empty stdin and its cookie',
  async (t) => {
    const { run, workspace } = await setUp(t)
    const { log, pid, runId } = await run(
      'pwd; echo "pwd=$PWD"; wc -c; echo "cookie=$LOOPER_RUN_ID"; cut -d" " -f1,5,6 /proc/$$/stat; [ -e /proc/$$/fd/3 ] || echo closed',
    )
    await ended(log)
    const output = textOf(log)
    t.match(output, `\n${workspace}\npwd=${workspace}\n0\ncookie=${runId}\n${pid} ${pid} ${pid}\nclosed\n`)
    t.match(output, trailer(0))
  },
)

t.test('a second run stops the first, with everything it started, before it begins', async (t) => {
  const { run, zulip } = await setUp(t)
  const first = await run('setsid sleep 300 & (sleep 300 &); sleep 300')
  await until('its tools run', () => carriers(first.runId).length === 4)
  const seen: number[] = []
  zulip.onMessage(() => seen.push(carriers(first.runId).length))

  const second = await run('echo hello')
  t.same(seen, [4], 'the notice went out while the first still ran')
  t.same(second.body.killed_codex_exec_pids, [first.pid])
  t.same(second.body.remaining_codex_exec_pids, [])
  t.same(carriers(first.runId), [])
  t.match(textOf(first.log), trailer(-2), 'the first ended by SIGINT, on its own record')
  await ended(second.log)
  t.match(textOf(second.log), `hello\n${trailer(0)}`)
})

t.test('of two requests at once, one is answered 200 and the other 409', async (t) => {
  const { run } = await setUp(t)
  const answers = await Promise.all([run('sleep 300'), run('sleep 300')])
  const [good, busy] = answers.sort((a, b) => a.status - b.status)
  t.equal(good?.status, 200)
  t.equal(busy?.status, 409)
  t.match(busy?.body, { ok: false, error: 'busy: another run is in progress', code: 'LOOPER_BUSY' })
  await until('the agent and its tool', () => carriers(good?.runId ?? '-').length === 2)
})

t.test('a request that cannot work announces nothing, stops nothing and writes no log', async (t) => {
  const { run, zulip, service, workspace } = await setUp(t)
  const live = await run('sleep 300')
  const logs = readdirSync(service.logDir).length
  const refusals: [object, number, string | RegExp][] = [
    [{ zulip_message: '  ' }, 400, "missing 'zulip_message'"],
    [{ workspace: '/no/such/place' }, 500, 'workspace is not a directory: /no/such/place'],
    [{ workspace: FAKE_CODEX }, 500, `workspace is not a directory: ${FAKE_CODEX}`],
    [{ codex_exec_binary: 'no-such-tool' }, 500, 'required tool is missing from PATH: no-such-tool'],
    [{ codex_exec_delay_seconds: 'soon' }, 400, "'codex_exec_delay_seconds' must be a number"],
    [{ codex_exec_delay_seconds: -1 }, 400, "'codex_exec_delay_seconds' must be >= 0"],
    [{ codex_exec_startup_check_seconds: 1e12 }, 400, /'codex_exec_startup_check_seconds' must be <= \d+/],
    [{ zulip_script_path: '/no/such/script.js' }, 500, /^failed to send Zulip message: .* is not a file/],
    [{ codex_prompt: 'nul \0' }, 400, "'codex_prompt' must not contain NUL"],
    [{ codex_prompt: 'x'.repeat(1_048_577) }, 413, /'codex_prompt' must be at most 1048576 bytes/],
    [{ codex_prompt: 7 }, 400, "'codex_prompt' must be a string"],
  ]
  for (const [fields, status, error] of refusals) {
    t.match(await run('true', fields), { status, body: { ok: false, error } })
  }
  t.match(await service.post({ zulip_message: 'x', workspace }), {
    status: 400,
    body: { code: 'LOOPER_PROMPT_MISSING' },
  })
  t.match(await service.post({ zulip_message: 'x', codex_prompt: 'x' }), {
    status: 400,
    body: { code: 'LOOPER_WORKSPACE_MISSING' },
  })
  t.equal(zulip.requests, 1, 'only the live run was announced')
  t.equal(carriers(live.runId).length, 2)
  t.equal(readdirSync(service.logDir).length, logs)
})

t.test('where the notice fails, nothing is stopped and nothing launched', async (t) => {
  const { run, zulip } = await setUp(t)
  const live = await run('sleep 300')
  zulip.interrupt((_request, response) => {
    response.writeHead(500, { 'content-type': 'text/html' })
    response.end('<h1>oops</h1>')
  })
  const { status, body } = await run('echo new')
  t.equal(status, 500)
  t.match(body, {
    error: 'failed to send Zulip message: the Zulip server answered HTTP 500 without JSON: <h1>oops</h1>',
    code: 'LOOPER_NOTICE_FAILED',
  })
  t.equal(carriers(live.runId).length, 2)
})

t.test('an agent that ends within the startup check is told by its return code', async (t) => {
  const { run } = await setUp(t, { CODEX_EXEC_STARTUP_CHECK_SECONDS: '30' })
  const good = await run('echo fine')
  t.equal(good.body.codex_exec_result?.startup_return_code, 0)

  const bad = await run('echo one; echo two; exit 2')
  t.equal(bad.status, 500)
  t.match(bad.body, {
    code: 'LOOPER_AGENT_EXITED_EARLY',
    error: /^codex exec exited early \(rc=2, log_path=.*\.log, tail=one\ntwo\)$/,
  })
  const killed = await run('kill -9 $$')
  t.match(killed.body.error, /rc=-9/)
  const lost = await run('kill -9 $PPID; exit 1')
  t.match(lost.body.error, /rc=unknown/)
})

t.test('an empty prompt announces and stops, and launches nothing', async (t) => {
  const { run, service, zulip } = await setUp(t)
  const live = await run('sleep 300')
  const { status, body } = await service.post({ zulip_message: 'enough', codex_prompt: ' ' })
  t.equal(status, 200)
  t.match(body, {
    killed_codex_exec_pids: [live.pid],
    codex_exec_started: false,
    codex_prompt_sent: false,
    workspace: null,
    codex_exec_binary: null,
  })
  t.equal(body.codex_exec_result, null)
  t.equal(body.codex_send_result, null)
  t.same(carriers(live.runId), [])
  t.equal(zulip.messages.at(-1)?.content, 'enough')
})

t.test('older field names, numbers as text and nulls still work', async (t) => {
  const { service, workspace, zulip } = await setUp(t)
  const begin = Date.now()
  const { status, body } = await service.post({
    zulip_message: '  old wrapper ',
    prompt: 'echo old prompt',
    codex_prompt: null,
    workspace,
    password_store: 'ignored',
    startup_delay_seconds: '0.1',
    sidebar_delay_seconds: 0.1,
    new_task_delay_seconds: ' 0.1 ',
    prompt_send_delay_seconds: null,
  })
  t.equal(status, 200)
  t.ok(Date.now() - begin >= 300, 'the older delays are summed')
  t.equal(zulip.messages[0]?.content, 'old wrapper')
  await ended(body.codex_exec_result?.log_path ?? '')
  t.match(textOf(body.codex_exec_result?.log_path ?? ''), 'old prompt\n')
})

t.test('defaults come from the settings, and the prompt file is read anew for each run', async (t) => {
  const place = t.testdirName
  const { service, dir, workspace } = await setUp(
    t,
    {
      LOOPER_WORKSPACE: PROJECT,
      LOOPER_DEFAULT_PROMPT_FILE: path.join(place, 'prompt'),
      LOOPER_AUTO_START_WHEN_IDLE: '0',
    },
    { prompt: 'echo first' },
  )
  const { body } = await service.post({ zulip_message: 'x' })
  t.equal(body.workspace, PROJECT)
  t.match(body.codex_exec_result?.command, /-- 'echo first'$/)
  writeFileSync(path.join(dir, 'prompt'), 'echo second')
  const again = await service.post({ zulip_message: 'x', workspace })
  t.match(again.body.codex_exec_result?.command, /-- 'echo second'$/)
  rmSync(path.join(dir, 'prompt'))
  t.match(await service.post({ zulip_message: 'x' }), {
    status: 500,
    body: { code: 'LOOPER_PROMPT_FILE_UNREADABLE', error: /cannot read the default prompt/ },
  })
})

t.test('a helper script can send the notice instead', async (t) => {
  const script = path.join(t.testdirName, 'send.js')
  const { run, zulip } = await setUp(
    t,
    { LOOPER_ALLOWED_EXECUTABLES: script },
    { 'send.js': 'console.log("sent:", process.argv[2])' },
  )
  const { body } = await run('true', { zulip_script_path: script })
  t.equal(body.zulip_output, 'sent: a run')
  t.equal(zulip.requests, 0)
})

t.test('a long prompt reaches the agent byte for byte', async (t) => {
  const { run, workspace } = await setUp(t)
  for (const length of [131_071, 131_072, 1_048_576]) {
    const code = 'printf %s "$prompt" >got # '
    const prompt = `${code}${'ü'.repeat((length - code.length) >> 1)}`.padEnd(
      length - ((length - code.length) >> 1),
      '.',
    )
    t.equal(Buffer.byteLength(prompt), length)
    const { log } = await run(prompt)
    await ended(log)
    t.ok(readFileSync(path.join(workspace, 'got'), 'utf8') === prompt, `${length} bytes`)
  }
})

t.test('an agent may ask for the next run as its last act', async (t) => {
  const { run, service, workspace } = await setUp(t)
  const body = JSON.stringify({ zulip_message: 'again', codex_prompt: 'echo second life', workspace })
  const code = `fetch('${service.url}/run',{method:'POST',headers:{'content-type':'application/json'},body:process.argv[1]})`
  const first = await run(`${process.execPath} -e "${code}" '${body}'; sleep 300`)
  await ended(first.log)
  t.match(textOf(first.log), trailer(-2))
  const second = () => readdirSync(service.logDir).map((name) => textOf(path.join(service.logDir, name)))
  await until('the new run ended well', () =>
    second().some((text) => text.includes(`second life\n${trailer(0)}`)),
  )
  t.same(carriers(first.runId), [])
})

t.test('a caller that goes away changes nothing', async (t) => {
  const { service, workspace, run } = await setUp(t)
  const client = new AbortController()
  const request = fetch(`${service.url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      zulip_message: 'x',
      codex_prompt: 'echo ran',
      workspace,
      codex_exec_delay_seconds: 0.3,
    }),
    signal: client.signal,
  })
  const serverLog = path.join(service.logDir, 'looper-server.log')
  await until('the delay', () => textOf(serverLog).includes('"step":"delay"'))
  client.abort()
  await t.rejects(request)
  await until('the run is launched all the same', () => textOf(serverLog).includes('run.success'))
  t.equal((await run('true')).status, 200)
})

t.test('the agent goes on when the service is killed, and its record is complete', async (t) => {
  const { run, service } = await setUp(t)
  const { log, runId, pid } = await run('echo before; sleep 0.5; echo after; setsid sleep 300 & exit 4')
  await until('it runs', () => textOf(log).includes('before'))
  const exit = once(service.child, 'exit')
  service.child.kill('SIGKILL')
  await exit
  t.ok(carriers(runId).includes(pid))
  await ended(log)
  t.match(textOf(log), `before\nafter\n${trailer(4)}`)

  const next = await startTestService(service.logDir, { CODEX_EXEC_BINARY: FAKE_CODEX })
  t.teardown(() => next.stop())
  await next.post({ zulip_message: 'x', codex_prompt: '' })
  t.same(carriers(runId), [], 'the next life of the service stops what that run left behind')
})

t.test('a live agent of an earlier life of the service is stopped like any other', async (t) => {
  const { run, service, workspace } = await setUp(t)
  const first = await run(`trap 'exit 5' INT; while :; do sleep 0.1; done`)
  const exit = once(service.child, 'exit')
  service.child.kill('SIGKILL')
  await exit

  const next = await startTestService(service.logDir, { CODEX_EXEC_BINARY: FAKE_CODEX })
  t.teardown(() => next.stop())
  const { body } = await next.post({ zulip_message: 'x', codex_prompt: 'true', workspace })
  t.same(body.killed_codex_exec_pids, [first.pid])
  await ended(first.log)
  t.match(textOf(first.log), trailer(5))
})

t.test(
  'where the wrapper is killed, the end is still seen, and the log says that nobody knows it',
  async (t) => {
    const { run, service } = await setUp(t)
    const { log, pid, runId } = await run('sleep 0.3; exit 6')
    const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
    process.kill(parent, 'SIGKILL')
    await ended(log)
    t.match(textOf(log), /\n# codex_exec_return_code=unknown\n$/)
    t.same(carriers(runId), [])
    await until('the record of it', () =>
      textOf(path.join(service.logDir, 'looper-server.log')).includes('cmd.fail'),
    )
  },
)

t.test('where the wrapper is killed and the log removed, the end is told as not known', async (t) => {
  const { run, service, dir } = await setUp(t, {
    LOOPER_SERVER_LOG_PATH: path.join(t.testdirName, 'server.log'),
  })
  const { pid, runId } = await run('while [ -e "$PWD/../logs" ]; do sleep 0.05; done')
  const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
  process.kill(parent, 'SIGKILL')
  rmSync(service.logDir, { recursive: true })
  await until('the record of it', () => textOf(path.join(dir, 'server.log')).includes('run.log.fail'))
  await until('nothing of it is left', () => carriers(runId).length === 0)
})

t.test('the server log tells every step under the request id, and mirrors the output as it is', async (t) => {
  const { run, service } = await setUp(t)
  const { log } = await run('echo "plain line"; printf "no newline"')
  await ended(log)
  const serverLog = path.join(service.logDir, 'looper-server.log')
  await until('the end', () => textOf(serverLog).includes('cmd.done'))
  t.equal(await service.stop(), 0)

  const lines = textOf(serverLog).trimEnd().split('\n')
  t.ok(lines.includes('plain line'))
  t.ok(lines.includes('no newline'))
  const id = /-([0-9a-f]{8})\.log$/.exec(log)?.[1]
  const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const ofRun = events.filter((event) => event.request_id === id).map((event) => event.step ?? event.msg)
  t.same(
    ofRun.filter((name) => name !== 'cmd.done'),
    [
      'http.start',
      'notice',
      'stop',
      'stopped',
      'delay',
      'launch',
      'cmd.start',
      'startup_check',
      'run.success',
      'http.end',
    ],
  )
  t.match(events.at(-1), { msg: 'service.stop' })
})

t.test('with LOOPER_MIRROR_OUTPUT=0 the output stays in the run log', async (t) => {
  const { run, service } = await setUp(t, { LOOPER_MIRROR_OUTPUT: '0' })
  const { log } = await run('echo "plain line"')
  await ended(log)
  await service.stop()
  const serverLog = textOf(path.join(service.logDir, 'looper-server.log'))
  t.match(serverLog, 'cmd.done')
  t.notMatch(serverLog, '\nplain line\n')
})

t.test('run logs are for the owner alone', async (t) => {
  const { run } = await setUp(t)
  const { log } = await run('true')
  t.equal(statSync(log).mode & 0o777, 0o600)
})

t.test('a workspace that vanishes before the launch is told as such', async (t) => {
  const { run, workspace, zulip } = await setUp(t)
  zulip.onMessage(() => rmSync(workspace, { recursive: true }))
  t.match(await run('true'), {
    status: 500,
    body: { code: 'LOOPER_WORKSPACE_INVALID', error: `workspace is not a directory: ${workspace}` },
  })
})

t.test('a log directory that cannot be written is told before anything is announced', async (t) => {
  const { run, zulip, service } = await setUp(t)
  rmSync(service.logDir, { recursive: true })
  writeFileSync(service.logDir, 'a file where the folder was')
  t.match(await run('true'), { status: 500, body: { code: 'LOOPER_LOG_UNWRITABLE' } })
  t.equal(zulip.requests, 0)
})
