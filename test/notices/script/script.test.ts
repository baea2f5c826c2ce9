import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { unchanged } from '../../../src/logging/redact.ts'
import { scriptNotices } from '../../../src/notices/script/script.ts'

/** A helper script with this code, ready to send. */
function setUp(
  t: Test,
  code: string,
  env: NodeJS.ProcessEnv = {},
  { timeoutMs = 30_000, redact = unchanged } = {},
) {
  const script = path.join(t.testdir({ 'notify.mjs': code }), 'notify.mjs')
  const lines: Record<string, unknown>[] = []
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line)) })
  const abort = new AbortController()
  const notify = scriptNotices(script, { env, logger, redact }, timeoutMs)
  return { script, lines, abort, send: (message: string) => notify(message, abort.signal) }
}

t.test('the script gets the message as its one argument, and its output is the receipt', async (t) => {
  const { send, script, lines } = setUp(t, `console.log(JSON.stringify(process.argv.slice(2)))`)
  const message = `two words, "quotes", 'more', $HOME and\na line`
  t.strictSame(await send(message), { output: JSON.stringify([message]), messageId: null })
  t.match(lines, [
    {
      msg: 'cmd.start',
      command: `${process.execPath} ${script} $'two words, "quotes", \\'more\\', $HOME and\\na line'`,
    },
    { msg: 'cmd.done', return_code: 0, output: JSON.stringify([message]) },
  ])
})

t.test('the script gets the environment it is given, and no other', async (t) => {
  process.env.LOOPER_TEST_LEAK = 'leaked'
  t.teardown(() => delete process.env.LOOPER_TEST_LEAK)
  const { send } = setUp(t, `console.log(process.env.GIVEN, process.env.LOOPER_TEST_LEAK)`, { GIVEN: 'yes' })
  t.strictSame(await send('Hello'), { output: 'yes undefined', messageId: null })
})

t.test('both streams are the output, and only its end is kept', async (t) => {
  const { send } = setUp(
    t,
    `import { writeSync } from 'node:fs'
    writeSync(1, 'x'.repeat(3000))
    writeSync(1, ' to stdout')
    writeSync(2, ' to stderr\\n')`,
  )
  const { output } = await send('Hello')
  t.equal(output.length, 2000)
  t.match(output, /x to stdout/)
  t.match(output, / to stderr/)
})

t.test('secrets are taken out of the output before it is cut', async (t) => {
  const secret = 'a-secret-of-this-test'
  const { send } = setUp(
    t,
    `process.stdout.write('${secret}'.padEnd(2010, 'x'))`,
    {},
    { redact: (text: string) => text.replaceAll(secret, '***') },
  )
  const { output } = await send('Hello')
  t.match(output, /^\*\*\*x+$/)
})

t.test('a script that ends with another status fails with its output', async (t) => {
  const { send, script, lines } = setUp(t, `console.error('Missing ZULIP_SITE'); process.exitCode = 3`)
  await t.rejects(send('Hello'), { message: `${script} ended with 3: Missing ZULIP_SITE` })
  t.match(lines[1], { msg: 'cmd.fail', level: 50, return_code: 3, output: 'Missing ZULIP_SITE' })
})

t.test('a script that does not end is stopped', async (t) => {
  const { send, script, lines } = setUp(t, 'setInterval(() => {}, 1000)', {}, { timeoutMs: 300 })
  await t.rejects(send('Hello'), { message: `${script} did not end within 0.3 s` })
  t.match(lines[1], { msg: 'cmd.fail', return_code: null })
})

t.test('a script that is killed fails with the signal', async (t) => {
  const { send, script, lines } = setUp(t, `process.kill(process.pid, 'SIGKILL')`)
  await t.rejects(send('Hello'), { message: `${script} was killed by SIGKILL` })
  t.match(lines[1], { msg: 'cmd.fail', return_code: null })
})

t.test('the end of the script counts, though a process of its own still holds its output', async (t) => {
  const { send } = setUp(
    t,
    `import { spawn } from 'node:child_process'
    const child = spawn('sleep', ['300'], { stdio: 'inherit', detached: true })
    child.unref()
    console.log(child.pid)`,
    { PATH: process.env.PATH },
  )
  const { output } = await send('Hello')
  t.ok(process.kill(Number(output), 'SIGKILL'), 'it still lived')
})

t.test('the signal stops the script', async (t) => {
  const { send, abort } = setUp(t, 'setInterval(() => {}, 1000)')
  const sent = send('Hello')
  abort.abort()
  await t.rejects(sent, { message: /notify\.mjs was killed by SIGTERM$/ })
})

t.test('a script that is not there fails, and says which', async (t) => {
  const logger = pino({ enabled: false })
  const script = path.join(t.testdir(), 'absent.ts')
  const notify = scriptNotices(script, { env: {}, logger, redact: unchanged })
  const sent = notify('Hello', new AbortController().signal)
  await t.rejects(sent, { message: `${script} ended with 1: ` })
  await t.rejects(sent, { message: `Cannot find module '${script}'` })
})

t.test('a message too long for an argument fails without being repeated', async (t) => {
  const { send } = setUp(t, '')
  await t.rejects(send('x'.repeat(4_000_000)), {
    message: /^\/[^ ]+\/notify\.mjs could not be run: spawn E2BIG$/,
  })
})
