import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { startTarget } from '../helpers/live-run.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

const MAIN = 'main-token-7d1f9c'
const NAMED = 'named-token-55aa01'
const ZULIP = 'abcdef0123456789'
const HOOK = 'hook-secret-1c2d3e'
const INLINE = 'inline-secret-99ff88'
const OTHER = 'other-looper-secret-4b'
const SECRETS = [MAIN, NAMED, ZULIP, HOOK, INLINE, OTHER]

t.test('no secret of the service reaches the agent, a log or an answer', async (t) => {
  const auth = { authorization: `Bearer ${MAIN}` }
  const hooks = {
    hooks: {
      named: { kind: 'bearer', secret_env: 'CI_SECRET', message: 'x' },
      inline: { kind: 'bearer', secret: INLINE, message: 'x' },
    },
  }
  const tokens = { tokens: [{ name: 'ci', scope: 'run', sha256: hashToken(NAMED) }] }
  const { live, send, run, serverLog, service, zulip, untouched } = await startTarget(
    t,
    {
      LOOPER_API_TOKEN: MAIN,
      LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json'),
      LOOPER_HOOKS_FILE: path.join(t.testdirName, 'hooks.json'),
      LOOPER_MY_SECRET: OTHER,
      LOOPER_LOG_LEVEL: 'trace',
      CI_SECRET: HOOK,
    },
    {
      headers: auth,
      files: { 'hooks.json': JSON.stringify(hooks), 'tokens.json': JSON.stringify(tokens) },
      prompt: 'env; tr "\\0" "\\n" < /proc/$$/cmdline; echo alive; sleep 300; echo never',
    },
  )
  const clean = (what: string, text: string) => {
    t.not(text, '', `${what} is there`)
    for (const secret of SECRETS) t.notOk(text.includes(secret), `${what} holds no ${secret}`)
  }
  clean('the environment', readFileSync(`/proc/${live.pid}/environ`, 'utf8'))
  clean('argv', readFileSync(`/proc/${live.pid}/cmdline`, 'utf8'))
  clean('the run log, with all that the agent sees', textOf(live.log))
  t.equal(statSync(live.log).mode & 0o777, 0o600)

  const answers = [
    await run({}, { authorization: `Bearer ${NAMED}x` }),
    await run({ workspace: `/no/${ZULIP}/${MAIN}` }),
    await run({ codex_exec_binary: HOOK }),
    await run({ zulip_script_path: `/no/${INLINE}` }),
    await send({ path: `/${MAIN}` }),
    await send({ path: `/runs/${ZULIP}`, headers: auth }),
    await send({ path: `/runs?token=${MAIN}&limit=${ZULIP}`, headers: auth }),
    await send({
      method: 'POST',
      path: `/hooks/${HOOK}`,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }),
    await run({ zulip_message: 7 }, { authorization: `Bearer ${NAMED}` }),
  ]
  for (const [i, { status, text }] of answers.entries()) {
    t.ok(status >= 400, `${status}`)
    clean(`answer ${i}`, text)
  }
  await untouched(t, 'secrets in requests')

  zulip.interrupt((request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ result: 'error', msg: `bad: ${request.headers.authorization} ${ZULIP}`, code: 'X' }),
    )
  })
  const failed = await run()
  t.equal(failed.status, 500)
  clean('what Zulip says', failed.text)
  t.notOk(failed.text.includes(Buffer.from(`${zulip.account.email}:${ZULIP}`).toString('base64')))
  await until('it is in the log', () => serverLog().includes('failed to send Zulip message'))
  clean('the server log', serverLog())
  clean("the service's own output", service.output())
})

t.test('secrets that come while the service runs are kept from agents and logs as well', async (t) => {
  const file = path.join(t.testdirName, 'hooks.json')
  const { run, send, serverLog, zulip } = await startTarget(
    t,
    { LOOPER_HOOKS_FILE: file, LATER: HOOK },
    { files: { 'hooks.json': '{"hooks": {}}' } },
  )
  const later = { kind: 'bearer', secret: INLINE, secret_env: 'LATER', message: 'x' }
  writeFileSync(file, JSON.stringify({ hooks: { later } }))
  const answer = await run({ codex_prompt: 'env; exit 0', codex_exec_startup_check_seconds: 5 })
  t.equal(answer.status, 200)
  const { log_path } = JSON.parse(answer.text).codex_exec_result
  t.match(textOf(log_path), 'PATH=')
  t.notMatch(textOf(log_path), HOOK)

  zulip.interrupt((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ result: 'error', msg: `bad: ${ZULIP} ${HOOK} ${INLINE}`, code: 'X' }))
  })
  const failed = await run({ workspace: path.join(t.testdirName, 'root') })
  t.match(failed.text, 'bad: [redacted] [redacted] [redacted]')
  const [{ cause }] = JSON.parse((await send({ path: '/runs' })).text).runs
  t.match(cause, 'bad: [redacted] [redacted] [redacted]', 'and so on the record')
  await send({ path: `/${HOOK}/${INLINE}` })
  await until('it is in the log', () => serverLog().includes('"path":"/[redacted]/[redacted]"'))
  for (const secret of [HOOK, INLINE, ZULIP]) t.notOk(serverLog().includes(secret), secret)
})

t.test('a secret is not torn where output is cut, in the server log and in an answer', async (t) => {
  const auth = { authorization: `Bearer ${MAIN}` }
  const { run, serverLog } = await startTarget(t, { LOOPER_API_TOKEN: MAIN }, { headers: auth })
  const [first, second] = [MAIN.slice(0, 8), MAIN.slice(8)]
  // In halves, and 8 bytes before the cut of a long line, and 8 before that of the tail that the answer quotes.
  const prompt = (before: number, behind: number) =>
    `cut='${first}'; fill() { head -c "$1" /dev/zero | tr '\\0' "$2"; }
     { fill ${before} x; printf %s "$cut" '${second}'; fill ${behind} y; } > out; cat out; exit 1`
  for (const [before, behind] of [
    [131_072 - 8, 10],
    [20_000, 16_384 - second.length - 28],
  ] as const) {
    const answer = await run({ codex_prompt: prompt(before, behind), codex_exec_startup_check_seconds: 10 })
    t.equal(answer.status, 500)
    t.match(answer.text, /tail=x*\[redacted\]y+\)/)
    await until('it is mirrored', () => /x\[redacted\]y/.test(serverLog().replaceAll('\n', '')))
    const log = serverLog().replaceAll('\n', '')
    t.notOk(log.includes(`x${first}`) || log.includes(`${second}y`), 'nor a half of it')
  }
})

t.test('the doctor hands no secret to the programs that it tries', async (t) => {
  const dir = t.testdir({ home: {}, 'hooks.json': '' })
  const hooks = { hooks: { named: { kind: 'bearer', secret_env: 'CI_SECRET', message: 'x' } } }
  writeFileSync(path.join(dir, 'hooks.json'), JSON.stringify(hooks))
  const codex = path.join(dir, 'codex')
  writeFileSync(codex, `#!/bin/sh\nenv >>'${dir}/seen'\necho codex-cli 0.0.1\n`, { mode: 0o755 })
  spawnSync(process.execPath, [path.join(PROJECT, 'bin/looper.js'), 'doctor'], {
    cwd: dir,
    env: {
      PATH: process.env.PATH,
      HOME: path.join(dir, 'home'),
      CODEX_EXEC_BINARY: codex,
      CODEX_EXEC_LOG_DIR: dir,
      LOOPER_API_TOKEN: MAIN,
      LOOPER_MY_SECRET: OTHER,
      LOOPER_HOOKS_FILE: path.join(dir, 'hooks.json'),
      CI_SECRET: HOOK,
      // Refused at once: nobody is asked anything.
      ZULIP_SITE: 'http://127.0.0.1:1',
      ZULIP_BOT_EMAIL: 'bot@example.com',
      ZULIP_BOT_API_KEY: ZULIP,
    },
  })
  const seen = textOf(path.join(dir, 'seen'))
  t.match(seen, `HOME=${dir}/home\n`)
  for (const secret of SECRETS) t.notOk(seen.includes(secret), `no ${secret}`)
})
