import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openLedger } from '../src/record/ledger.ts'
import { startLoopbackZulip } from './fixtures/loopback-zulip.ts'
import { carriers, runIdOf } from './helpers/processes.ts'
import { PROJECT, serviceEnv, spawnService, startTestService, textOf, until } from './helpers/service.ts'

const CODEX_EXEC_BINARY = path.join(PROJECT, 'test/fixtures/codex')
const STUBBORN = `trap '' INT TERM; while :; do sleep 0.1; done`

/** Runs a service that ends by itself. */
async function runToEnd(settings: NodeJS.ProcessEnv) {
  const child = spawnService(settings)
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  return { code, output }
}

/** A service, and a function that posts a run without awaiting the answer. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const dir = test.testdir({ logs: {}, ws: {} })
  const service = await startTestService(path.join(dir, 'logs'), { CODEX_EXEC_BINARY, ...settings })
  test.teardown(() => service.stop())
  const post = (prompt: string, more: object = {}) =>
    service.post({ zulip_message: 'x', codex_prompt: prompt, workspace: path.join(dir, 'ws'), ...more })
  const step = (text: string) =>
    until(text, () => textOf(path.join(dir, 'logs/looper-server.log')).includes(text))
  return { service, post, step, dir }
}

t.test('bad settings are all told at once, with exit code 78, and nothing is started', async (t) => {
  const { code, output } = await runToEnd({
    LOOPER_PORT: 'http',
    LOOPER_STOP_SCOPE: 'all',
    LOOPER_API_TOKEN: '',
  })
  t.equal(code, 78)
  t.match(output, /LOOPER_PORT: "http" given, expected a port, 0 to 65535/)
  t.match(output, /LOOPER_STOP_SCOPE: "all" given, expected machine or own/)
  t.match(output, /LOOPER_API_TOKEN: "" given, expected a token/)
  t.notMatch(output, 'listens')
})

t.test('a port that is taken, an address that is not ours and a folder that is none are told', async (t) => {
  const dir = t.testdir({ file: '', logs: {} })
  const CODEX_EXEC_LOG_DIR = path.join(dir, 'logs')
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0

  t.match(await runToEnd({ CODEX_EXEC_LOG_DIR, LOOPER_PORT: String(port) }), {
    code: 1,
    output: new RegExp(
      `port ${port} on 127\\.0\\.0\\.1 is taken; stop what listens there, or set LOOPER_PORT`,
    ),
  })
  t.match(await runToEnd({ CODEX_EXEC_LOG_DIR, LOOPER_HOST: '192.0.2.1', LOOPER_API_TOKEN: 'x' }), {
    code: 1,
    output: /this machine has no address 192\.0\.2\.1; set LOOPER_HOST/,
  })
  t.match(await runToEnd({ CODEX_EXEC_LOG_DIR, LOOPER_HOST: 'fe80::1', LOOPER_API_TOKEN: 'x' }), {
    code: 78,
    output: /nothing was started:\n {2}LOOPER_HOST: "fe80::1" is no address to listen on/,
  })
  t.match(await runToEnd({ CODEX_EXEC_LOG_DIR: path.join(dir, 'file') }), {
    code: 1,
    output:
      /cannot write in the log directory \S+: \S+ exists and is not a directory; fix it, or set CODEX_EXEC_LOG_DIR/,
  })
})

t.test('a file that a setting names and that is wrong is told as a wrong setting', async (t) => {
  const dir = t.testdir({ logs: {}, 'bad.json': '{}' })
  const file = path.join(dir, 'bad.json')
  for (const name of ['LOOPER_HOOKS_FILE', 'LOOPER_TOKENS_FILE']) {
    const { code, output } = await runToEnd({ CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'), [name]: file })
    t.equal(code, 78, name)
    t.match(output, `nothing was started:\n  ${name}: ${file}: `, name)
  }
})

t.test('it says where it listens, where its log is, and what is not configured', async (t) => {
  const { service } = await setUp(t)
  t.match(service.output(), /Looper listens on http:\/\/127\.0\.0\.1:\d+\n/)
  t.match(service.output(), `Server log: tail -F ${path.join(service.logDir, 'looper-server.log')}`)
  t.match(service.output(), 'Note: The autopoll is off')
  t.match(service.output(), 'Note: No Zulip credentials: notices go to the server log only')
})

t.test('a default prompt that cannot be read now is told, and may be there later', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  const { service, post } = await setUp(t, { LOOPER_DEFAULT_PROMPT_FILE: file })
  t.match(service.output(), 'Note: LOOPER_DEFAULT_PROMPT_FILE: cannot read the default prompt: ENOENT')
  t.equal((await post('true')).status, 200)
})

t.test('without Zulip the notice goes to the server log', async (t) => {
  const { post, service } = await setUp(t)
  t.equal((await post('true')).body.zulip_output, 'SKIPPED no Zulip credentials')
  t.match(textOf(path.join(service.logDir, 'looper-server.log')), '"message":"x","msg":"notice.skipped"')
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} stops what runs and ends with 0`, async (t) => {
    const { post, service } = await setUp(t)
    const { body } = await post('setsid sleep 300 & sleep 300')
    const runId = runIdOf(body.codex_exec_result?.command ?? '')
    service.child.kill(signal)
    t.same(await once(service.child, 'exit'), [0, null])
    t.same(carriers(runId), [])
    t.match(textOf(body.codex_exec_result?.log_path ?? ''), '\n# codex_exec_return_code=-2\n')
    t.match(service.output(), `${signal}: stopping\nStopped\n`)
  })
}

t.test('a terminal that is gone ends nobody, and the stop is as complete', async (t) => {
  const { post, service } = await setUp(t)
  const { body } = await post('setsid sleep 300 & sleep 300')
  service.child.stdout?.destroy()
  service.child.stderr?.destroy()
  service.child.kill('SIGHUP')
  t.equal(await service.stop(), 0)
  t.same(carriers(runIdOf(body.codex_exec_result?.command ?? '')), [])
})

t.test('a shutdown during the notice lets nothing be launched', async (t) => {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const hangs = new Promise<void>((resolve) => zulip.interrupt(() => resolve()))
  const { email, key } = zulip.account
  const { post, service } = await setUp(t, {
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: email,
    ZULIP_BOT_API_KEY: key,
  })
  const answer = post('true')
  await hangs
  t.equal(await service.stop(), 0)
  t.match(await answer, { status: 503, body: { code: 'LOOPER_SHUTTING_DOWN' } })
})

t.test('a shutdown while an old agent is being stopped waits for its end and launches nothing', async (t) => {
  const { post, service, step } = await setUp(t)
  const first = await post(STUBBORN)
  const second = post('echo never')
  await step('"step":"stop"')
  t.equal(await service.stop(), 0)
  t.match(await second, { status: 503 })
  t.same(carriers(runIdOf(first.body.codex_exec_result?.command ?? '')), [])
})

t.test('a shutdown during the delay launches nothing', async (t) => {
  const { post, service, step } = await setUp(t)
  const answer = post('true', { codex_exec_delay_seconds: 600 })
  await step('"step":"delay"')
  t.equal(await service.stop(), 0)
  t.match(await answer, { status: 503 })
})

t.test('a shutdown during the startup check stops the run that has just begun', async (t) => {
  const { post, service, step } = await setUp(t)
  const answer = post('sleep 300', { codex_exec_startup_check_seconds: 600 })
  await step('"step":"startup_check"')
  const log = textOf(path.join(service.logDir, 'looper-server.log'))
  const runId = runIdOf(log)
  t.equal(await service.stop(), 0)
  t.match(await answer, { status: 503 })
  t.same(carriers(runId), [])
})

t.test('a second signal hurries: a stubborn agent is killed at once', async (t) => {
  const { post, service } = await setUp(t)
  const { body } = await post(STUBBORN)
  const exit = once(service.child, 'exit')
  service.child.kill('SIGTERM')
  await until('the first signal is heard', () => service.output().includes('SIGTERM: stopping'))
  const begin = Date.now()
  service.child.kill('SIGTERM')
  t.same(await exit, [0, null])
  t.ok(Date.now() - begin < 2500, 'before the first polite signal had its time')
  t.same(carriers(runIdOf(body.codex_exec_result?.command ?? '')), [])
  t.match(service.output(), 'SIGTERM again')
})

t.test('what is no state file among them is no matter, to a run or to the end', async (t) => {
  const { service, post } = await setUp(t)
  mkdirSync(path.join(service.logDir, '.runs/not-a-file'), { recursive: true })
  t.equal((await post('true')).status, 200)
  t.equal(await service.stop(), 0)
})

t.test('a record whose past cannot be read is told, and the service works', async (t) => {
  const dir = t.testdir()
  const file = path.join(dir, 'looper.db')
  openLedger(file, () => undefined).close()
  const db = new DatabaseSync(file)
  db.exec('ALTER TABLE runs DROP COLUMN log_path')
  db.close()
  const service = await startTestService(dir, { LOOPER_RUN_LOG_KEEP_DAYS: '30' })
  t.teardown(() => service.child.kill('SIGKILL'))
  await until('it is told', () => textOf(path.join(dir, 'looper-server.log')).includes('logs.remove.fail'))
  t.match(await service.post({ zulip_message: 'x', codex_prompt: '' }), { status: 200 })
  t.equal(await service.stop(), 0)
})

t.test('run logs past their days are removed at start, and that is told', async (t) => {
  const dir = t.testdir({ 'codex-exec-20200101-000000-0badcafe.log': 'old' })
  const old = path.join(dir, 'codex-exec-20200101-000000-0badcafe.log')
  utimesSync(old, 0, 0)
  const service = await startTestService(dir, { LOOPER_RUN_LOG_KEEP_DAYS: '30' })
  t.teardown(() => service.child.kill('SIGKILL'))
  await until('it is told', () => textOf(path.join(dir, 'looper-server.log')).includes('logs.removed'))
  t.notOk(existsSync(old))
  t.equal(await service.stop(), 0)
})

t.test('a tokens file that becomes unusable is told, and its last good state stays', async (t) => {
  const dir = t.testdir({ logs: {}, tokens: JSON.stringify({ tokens: [] }) })
  const file = path.join(dir, 'tokens')
  const logDir = path.join(dir, 'logs')
  const service = await startTestService(logDir, { LOOPER_TOKENS_FILE: file, LOOPER_HOST: '127.0.0.1' })
  t.teardown(() => service.stop())
  writeFileSync(file, 'no JSON at all')
  t.equal((await service.post({ zulip_message: 'x' }, { authorization: 'Bearer wrong' })).status, 401)
  t.match(textOf(path.join(logDir, 'looper-server.log')), /the tokens file cannot be used.*tokens\.fail/)
})

t.test('on a terminal each run has a line for its start and its end; elsewhere there is none', async (t) => {
  const { service, post, step } = await setUp(t)
  await post('exit 0')
  await step('"msg":"cmd.done"')
  t.notMatch(service.output(), / started: x/)
  if (spawnSync('script', ['--version']).error)
    return t.comment('there is no script program: no terminal is tried')

  const dir = t.testdir({ logs: {}, ws: {} })
  const main = path.join(PROJECT, 'src/main.ts')
  const child = spawn(
    'script',
    ['-qefc', `echo "pid $$"; exec '${process.execPath}' '${main}'`, '/dev/null'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: serviceEnv({
        CODEX_EXEC_BINARY,
        CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
        HOME: dir,
        SHELL: '/bin/sh',
      }),
    },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'exit')
  await until('it listens', () => /listens on \S+/.test(output))
  const [, url = ''] = /listens on (\S+)/.exec(output) ?? []
  const body = JSON.stringify({
    zulip_message: 'on a terminal',
    codex_prompt: 'exit 3',
    workspace: path.join(dir, 'ws'),
  })
  await fetch(`${url}/run`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  await until('both lines', () =>
    /started: on a terminal[\s\S]* exited 3 after .*: on a terminal/.test(output),
  )
  process.kill(Number(/pid (\d+)/.exec(output)?.[1]), 'SIGTERM')
  await ended
})
