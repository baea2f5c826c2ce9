import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { main } from '../../scripts/send-zulip-dm.ts'
import { unchanged } from '../../src/logging/redact.ts'
import { scriptNotices } from '../../src/notices/script/script.ts'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'

const SCRIPT = path.resolve(import.meta.dirname, '../../scripts/send-zulip-dm.ts')
const USAGE = /^Usage: node scripts\/send-zulip-dm\.ts \[--dry-run\] "message"/

/** A project and home directory with these files, and a Zulip whose credentials are in `env`. */
async function setUp(t: Test, files = {}) {
  const dir = t.testdir(files)
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const { email, key } = zulip.account
  const env = { ZULIP_SITE: zulip.url, ZULIP_BOT_EMAIL: email, ZULIP_BOT_API_KEY: key }
  const run = async (args: readonly string[], given: NodeJS.ProcessEnv = env) => {
    const out: string[] = []
    const err: string[] = []
    const say = (line: string) => void out.push(line)
    const complain = (line: string) => void err.push(line)
    const status = await main(args, given, { projectDir: dir, home: dir }, { say, complain })
    return { status, out: out.join('\n'), err: err.join('\n') }
  }
  return { dir, zulip, env, run }
}

/** The test's own environment with these settings, and none of the machine's; empty ones hide those of `.env`. */
function ownEnvironment(settings: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(ZULIP|LOOPER|CODEX|PROMPT)/.test(name))
  const hidden = { ZULIPRC_PATH: '', ZULIP_PROFILE: '', ZULIP_MESSAGE_TYPE: '', ZULIP_STREAM: '' }
  return { ...Object.fromEntries(own), ...hidden, ZULIP_TOPIC: '', ZULIP_TO: '', ...settings }
}

t.test('a message is sent to the channel', async (t) => {
  const { zulip, run } = await setUp(t)
  t.strictSame(await run(['Hello there']), {
    status: 0,
    out: 'OK message_id=42 type=stream stream=coding topic=verified-cad',
    err: '',
  })
  t.match(zulip.messages, [{ type: 'channel', to: 'coding', topic: 'verified-cad', content: 'Hello there' }])
})

t.test('a message is sent to a person', async (t) => {
  const { zulip, env, run } = await setUp(t)
  const more = { ZULIP_MESSAGE_TYPE: 'private', ZULIP_TO: 'hopper' }
  t.strictSame(await run(['Hello'], { ...env, ...more }), {
    status: 0,
    out: 'OK message_id=42 type=private to=hopper',
    err: '',
  })
  t.match(zulip.messages, [{ type: 'direct', to: [10], content: 'Hello' }])
})

t.test('a dry run tells where the message would go, and sends nothing', async (t) => {
  const { dir, zulip, env, run } = await setUp(t, {
    '.zuliprc': '[bot]\nsite=https://zulip.example\nemail=bot@zulip.example\nkey=k\n',
  })
  const set = 'site=set email=set key=set'
  t.strictSame(await run(['--dry-run', 'Hello']), {
    status: 0,
    out: `DRY_RUN_OK source=env-only ${set} type=stream stream=coding topic=verified-cad`,
    err: '',
  })
  t.strictSame(await run(['--dry-run'], { ...env, ZULIP_MESSAGE_TYPE: 'private', ZULIP_TO: '8' }), {
    status: 0,
    out: `DRY_RUN_OK source=env-only ${set} type=private to=8`,
    err: '',
  })
  t.strictSame(await run(['Hello', '--dry-run'], { ZULIP_STREAM: 'general' }), {
    status: 0,
    out: `DRY_RUN_OK source=zuliprc:${dir}/.zuliprc [bot] ${set} type=stream stream=general topic=verified-cad`,
    err: '',
  })
  t.equal(zulip.requests, 0)
})

t.test('what is missing is named, a line each', async (t) => {
  const { zulip, env, run } = await setUp(t)
  const none = {
    status: 1,
    out: '',
    err: 'Missing ZULIP_SITE\nMissing ZULIP_BOT_EMAIL\nMissing ZULIP_BOT_API_KEY',
  }
  t.strictSame(await run(['--dry-run'], {}), none)
  t.strictSame(await run(['Hello'], {}), none)
  t.strictSame(await run(['Hello'], { ...env, ZULIP_SITE: '' }), {
    status: 1,
    out: '',
    err: 'Missing ZULIP_SITE',
  })
  t.equal(zulip.requests, 0)
})

t.test('the .env of the project is read, and the environment goes before it', async (t) => {
  const { zulip, env, run } = await setUp(t, { '.env': 'ZULIP_STREAM=general\nZULIP_TOPIC="from a file"\n' })
  t.match(await run(['Hello'], { ...env, ZULIP_TOPIC: 'own' }), {
    status: 0,
    out: 'OK message_id=42 type=stream stream=general topic=own',
  })
  t.match(await run(['Hello']), { out: 'OK message_id=43 type=stream stream=general topic=from a file' })
  t.equal(zulip.messages.length, 2)
})

t.test('an .env that cannot be read is told, and does not stop the message', async (t) => {
  const { run } = await setUp(t, { '.env': {} })
  t.match(await run(['Hello']), { status: 0, out: /^OK /, err: /^cannot read \.env: EISDIR/ })
})

t.test('the usage is shown on request', async (t) => {
  const { zulip, run } = await setUp(t)
  for (const args of [['--help'], ['--help', 'Hello']]) {
    const { status, out, err } = await run(args)
    t.match(out, USAGE)
    t.strictSame({ status, err }, { status: 0, err: '' })
  }
  t.equal(zulip.requests, 0)
})

t.test('wrong use is told, with the usage', async (t) => {
  const { zulip, run } = await setUp(t)
  const cases: [string[], RegExp][] = [
    [[], /^There is no message\./],
    [[' \n'], /^There is no message\./],
    [['Hello', 'there'], /^The message is one argument: put it in quotes\./],
    [['--dry', 'Hello'], /^Unknown option '--dry'/],
    [['-x'], /^Unknown option '-x'/],
  ]
  for (const [args, why] of cases) {
    const { status, out, err } = await run(args)
    t.equal(status, 2, JSON.stringify(args))
    t.equal(out, '')
    t.match(err, why)
    t.match(err, /\n\nUsage: /)
  }
  t.equal(zulip.requests, 0)
})

t.test('a message may begin with a dash', async (t) => {
  const { zulip, run } = await setUp(t)
  t.match(await run(['- one\n- two']), { status: 0 })
  t.match(await run(['--', '-5°']), { status: 0 })
  t.match(await run(['--', '--dry-run now']), { status: 0 })
  t.strictSame(
    zulip.messages.map(({ content }) => content),
    ['- one\n- two', '-5°', '--dry-run now'],
  )
})

t.test('a bad setting is named', async (t) => {
  const { zulip, env, run } = await setUp(t)
  t.match(await run(['Hello'], { ...env, ZULIP_MESSAGE_TYPE: 'carrier pigeon' }), {
    status: 78,
    out: /^$/,
    err: /ZULIP_MESSAGE_TYPE: "carrier pigeon" given, expected stream or private/,
  })
  t.equal(zulip.requests, 0)
})

t.test('a message that cannot be sent says why', async (t) => {
  const { dir, env, run } = await setUp(t, { rc: {} })
  t.strictSame(await run(['Hello'], { ...env, ZULIP_STREAM: 'nowhere' }), {
    status: 1,
    out: '',
    err: "failed to send Zulip message: Channel 'nowhere' does not exist",
  })
  t.strictSame(await run(['Hello'], { ZULIPRC_PATH: `${dir}/rc` }), {
    status: 1,
    out: '',
    err: `failed to send Zulip message: cannot read the zuliprc file ${dir}/rc: EISDIR`,
  })
})

t.test('as a program it prints, and ends with the status', async (t) => {
  const { dir, zulip, env } = await setUp(t)
  const run = (args: string[], settings: NodeJS.ProcessEnv) =>
    promisify(execFile)(process.execPath, [SCRIPT, ...args], {
      env: ownEnvironment({ HOME: dir, ...settings }),
    })
  t.strictSame(await run(['Hello'], env), {
    stdout: 'OK message_id=42 type=stream stream=coding topic=verified-cad\n',
    stderr: '',
  })
  t.equal(zulip.messages.length, 1)
  const hidden = { ZULIP_SITE: '', ZULIP_BOT_EMAIL: '', ZULIP_BOT_API_KEY: '' }
  await t.rejects(run(['Hello'], hidden), {
    code: 1,
    stdout: /^$/,
    stderr: 'Missing ZULIP_SITE\nMissing ZULIP_BOT_EMAIL\nMissing ZULIP_BOT_API_KEY\n',
  })
})

t.test('a terminal finds nothing to obey in what Zulip says', async (t) => {
  const { zulip, env } = await setUp(t)
  zulip.interrupt((_request, response) => {
    response.statusCode = 400
    response.end('{"result":"error","msg":"no \\u001b]0;owned\\u0007\\u009b2J\\u202e"}')
  })
  const sent = promisify(execFile)(process.execPath, [SCRIPT, 'Hello'], { env: ownEnvironment(env) })
  await t.rejects(sent, { code: 1, stderr: 'failed to send Zulip message: no ␛]0;owned␇\ufffd2J\ufffd\n' })
})

t.test('the service can send its notices through it', async (t) => {
  const { dir, zulip, env } = await setUp(t)
  const notify = scriptNotices(SCRIPT, {
    env: ownEnvironment({ HOME: dir, ...env }),
    logger: pino({ enabled: false }),
    redact: unchanged,
  })
  t.strictSame(await notify('- from a run', new AbortController().signal), {
    output: 'OK message_id=42 type=stream stream=coding topic=verified-cad',
    messageId: null,
  })
  t.match(zulip.messages, [{ content: '- from a run' }])
})
