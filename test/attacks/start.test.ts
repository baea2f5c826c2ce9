import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { failureOf, sendRaw, startTarget } from '../helpers/live-run.ts'
import { PROJECT, serviceEnv, spawnService, startTestService, until } from '../helpers/service.ts'

/** Runs a service that refuses to start. */
async function refusal(settings: NodeJS.ProcessEnv) {
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

const CODEX = path.join(PROJECT, 'test/fixtures/codex')
const noDevices = process.platform === 'linux' ? false : 'it is about /dev and /proc as Linux has them'

const emptyLogs = (test: Test) => test.testdir({ logs: {} })

t.test(
  'without a token nothing but loopback is listened on, and the owner is told what to set',
  async (t) => {
    const { untouched, service } = await startTarget(t)
    // "127.1" is loopback for the system, in a form that is not taken for it: the mistake is on the safe side.
    for (const LOOPER_HOST of ['0.0.0.0', '::', '127.1', 'looper.example']) {
      const { code, output } = await refusal({ LOOPER_HOST, CODEX_EXEC_LOG_DIR: service.logDir })
      t.equal(code, 78, LOOPER_HOST)
      t.match(output, 'LOOPER_HOST', LOOPER_HOST)
      for (const name of ['LOOPER_API_TOKEN', 'LOOPER_TOKENS_FILE', 'LOOPER_ALLOW_UNAUTHENTICATED=1'])
        t.match(output, name, `${LOOPER_HOST} names ${name}`)
      t.notMatch(output, 'listens')
      await untouched(t, `a start on ${LOOPER_HOST}`)
    }
  },
)

t.test('an owner who means it may go without a token, and is warned at each start', async (t) => {
  const logDir = path.join(emptyLogs(t), 'logs')
  const service = await startTestService(logDir, { LOOPER_HOST: '127.1', LOOPER_ALLOW_UNAUTHENTICATED: '1' })
  t.teardown(() => service.stop())
  t.match(service.output(), 'Whoever reaches 127.1 can run code here')
  t.equal((await fetch(`${service.url}/runs`)).status, 200)
  // A page whose name was made to lead here (DNS rebinding) is of our origin, as far as its browser knows.
  const host = `evil.example:${new URL(service.url).port}`
  const page = {
    host,
    origin: `http://${host}`,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  }
  const answer = await sendRaw(service.url, {
    method: 'POST',
    path: '/run',
    headers: page,
    body: { zulip_message: 'x', codex_prompt: '' },
  })
  t.match(failureOf(answer), { status: 421, code: 'LOOPER_HOST_UNKNOWN' })
})

t.test('with a token the same address is listened on without a word', async (t) => {
  const logDir = path.join(emptyLogs(t), 'logs')
  const service = await startTestService(logDir, { LOOPER_HOST: '127.1', LOOPER_API_TOKEN: 'main-token' })
  t.teardown(() => service.stop())
  t.notMatch(service.output(), 'can run code here')
  t.equal((await fetch(`${service.url}/runs`)).status, 401)
})

t.test('an empty token is a mistake, not "no token"', async (t) => {
  const { untouched, service } = await startTarget(t)
  for (const LOOPER_API_TOKEN of ['', '  ']) {
    const { code, output } = await refusal({ LOOPER_API_TOKEN, CODEX_EXEC_LOG_DIR: service.logDir })
    t.equal(code, 78)
    t.match(output, 'LOOPER_API_TOKEN')
    t.notMatch(output, 'listens')
  }
  await untouched(t, 'an empty token')
})

t.test('the server log goes to a device, and the device stays one', { skip: noDevices }, async (t) => {
  const dir = t.testdir({ logs: {}, dev: { stdout: t.fixture('symlink', '/proc/self/fd/1') } })
  const isLink = (file: string) => lstatSync(file).isSymbolicLink()
  const CODEX_EXEC_LOG_DIR = path.join(dir, 'logs')
  for (const file of ['/dev/stdout', '/dev/stderr', '/dev/null', path.join(dir, 'dev/stdout')]) {
    const before = isLink(file)
    const service = await startTestService(CODEX_EXEC_LOG_DIR, { LOOPER_SERVER_LOG_PATH: file })
    await until('it says where', () => service.output().includes(`\nServer log: ${file}\n`))
    t.equal((await service.post({ zulip_message: 'told there', codex_prompt: '' })).status, 200, file)
    t.equal(await service.stop(), 0, file)
    if (file !== '/dev/null') t.match(service.output(), '"message":"told there"', file)
    t.equal(isLink(file), before, file)
  }
  t.notOk(existsSync('/dev/null.d'))
  t.notOk(existsSync(path.join(CODEX_EXEC_LOG_DIR, 'looper-server.log')))
})

t.test('standard output that is a file is appended to, not overwritten', { skip: noDevices }, async (t) => {
  const dir = t.testdir({ logs: {} })
  const out = path.join(dir, 'out')
  const fd = openSync(out, 'w')
  writeSync(fd, 'of somebody else\n')
  const child = spawn(process.execPath, [path.join(PROJECT, 'src/main.ts')], {
    stdio: ['ignore', fd, fd],
    env: {
      ...serviceEnv({ CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'), HOME: dir }),
      LOOPER_SERVER_LOG_PATH: '/dev/stdout',
    },
  })
  closeSync(fd)
  const text = () => readFileSync(out, 'utf8')
  await until('it listens', () => text().includes('listens on'))
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
  t.match(text(), /^of somebody else\n.*"service\.start".*\nLooper listens on .*\nStopped\n$/s)
})

t.test('a server log in a pipe that nobody reads holds up neither the start nor the end', async (t) => {
  const dir = t.testdir({ logs: {} })
  const pipe = path.join(dir, 'pipe')
  spawnSync('mkfifo', [pipe])
  const service = await startTestService(path.join(dir, 'logs'), { LOOPER_SERVER_LOG_PATH: pipe })
  t.equal((await service.post({ zulip_message: 'x', codex_prompt: '' })).status, 200)
  t.equal(await service.stop(), 0)
  t.ok(lstatSync(pipe).isFIFO())
})

t.test('whatever else is at the path of the server log stays, and is told as a wrong setting', async (t) => {
  const dir = t.testdir({ logs: {}, folder: {}, 'other.log': 'kept' })
  symlinkSync('other.log', path.join(dir, 'link'))
  for (const name of ['folder', 'link']) {
    const file = path.join(dir, name)
    const { code, output } = await refusal({
      CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
      LOOPER_SERVER_LOG_PATH: file,
    })
    t.equal(code, 78, name)
    t.match(output, `nothing was started:\n  LOOPER_SERVER_LOG_PATH: ${file} is `, name)
  }
  t.equal(readFileSync(path.join(dir, 'link'), 'utf8'), 'kept')
  t.equal(readlinkSync(path.join(dir, 'link')), 'other.log')
  const { code, output } = await refusal({
    CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
    LOOPER_SERVER_LOG_PATH: path.join(dir, 'other.log/server.log'),
  })
  t.equal(code, 1)
  t.match(output, /cannot open the server log \S+: ENOTDIR.*; fix it, or set LOOPER_SERVER_LOG_PATH/)
})

t.test(
  'a directory below /proc is refused, and does not hold up the start',
  { skip: noDevices },
  async (t) => {
    const logs = path.join(emptyLogs(t), 'logs')
    for (const settings of [
      { CODEX_EXEC_LOG_DIR: '/proc/looper/logs' },
      { CODEX_EXEC_LOG_DIR: logs, LOOPER_SERVER_LOG_PATH: '/proc/looper/server.log' },
    ]) {
      const { code, output } = await refusal(settings)
      t.equal(code, 1)
      t.match(output, /cannot .*\/proc\/looper.*ENOENT.*set (CODEX_EXEC_LOG_DIR|LOOPER_SERVER_LOG_PATH)/)
    }
  },
)

t.test('a log directory of any name works', async (t) => {
  const logs = path.join(t.testdir({}), 'looper:3456 "a" <b>|?*')
  mkdirSync(logs)
  const service = await startTestService(logs)
  t.equal((await service.post({ zulip_message: 'x', codex_prompt: '' })).status, 200)
  t.equal(await service.stop(), 0)
  t.match(readFileSync(path.join(logs, 'looper-server.log'), 'utf8'), '"service.start"')
})

t.test('where / is the home, it holds no workspace, and the owner is told what to set', async (t) => {
  const dir = t.testdir({ logs: {}, ws: {}, other: {}, 'to-root': t.fixture('symlink', '/') })
  for (const HOME of ['/', '', 'relative', path.join(dir, 'to-root'), path.join(dir, 'absent')]) {
    const service = await startTestService(path.join(dir, 'logs'), {
      HOME,
      CODEX_EXEC_BINARY: CODEX,
      LOOPER_WORKSPACE_ROOTS: '',
      LOOPER_WORKSPACE: path.join(dir, 'ws'),
    })
    t.match(service.output(), /Note: HOME is .*; set LOOPER_WORKSPACE_ROOTS, or HOME/, HOME)
    const plan = (workspace: string) =>
      service.post({ zulip_message: 'x', codex_prompt: 'true', workspace, plan: true })
    t.equal((await plan(path.join(dir, 'ws'))).status, 200, HOME)
    for (const workspace of ['/', '/etc', path.join(dir, 'other')])
      t.match(await plan(workspace), { status: 403, body: { code: 'LOOPER_WORKSPACE_FORBIDDEN' } }, HOME)
    t.equal(await service.stop(), 0)
  }
})

t.test('names from elsewhere are no more open than a host from elsewhere', async (t) => {
  const { untouched, service } = await startTarget(t)
  const { code, output } = await refusal({
    LOOPER_ALLOWED_HOSTS: 'looper.example.com',
    CODEX_EXEC_LOG_DIR: service.logDir,
  })
  t.equal(code, 78)
  for (const name of ['LOOPER_ALLOWED_HOSTS', 'LOOPER_API_TOKEN', 'LOOPER_ALLOW_UNAUTHENTICATED=1'])
    t.match(output, name)
  t.notMatch(output, 'listens')
  await untouched(t, 'a start with a foreign name')
})

t.test('a default workspace that is a link leads where it leads at each launch', async (t) => {
  const dir = t.testdir({ logs: {}, one: {}, two: {} })
  const link = path.join(dir, 'current')
  symlinkSync('one', link)
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: CODEX,
    LOOPER_WORKSPACE_ROOTS: '',
    LOOPER_WORKSPACE: link,
  })
  t.teardown(() => service.stop())
  const run = () => service.post({ zulip_message: 'x', codex_prompt: 'true', wait: true })
  t.match(await run(), { status: 200, body: { workspace: path.join(dir, 'one') } })
  unlinkSync(link)
  symlinkSync('two', link)
  t.match(await run(), { status: 200, body: { workspace: path.join(dir, 'two') } })
})

t.test('a .env counts however an editor saved it, and what is odd in it is told', async (t) => {
  const dir = t.testdir({ logs: {} })
  const file = path.join(dir, '.env')
  const text = '\ufeffLOOPER_API_TOKEN=from-the-file\nLOOPER_HOST=127.0.0.1\nLOOPER_WORKSPACE_ROOTS /srv\n'
  for (const encoding of ['utf8', 'utf16le'] as const) {
    writeFileSync(file, Buffer.from(text, encoding))
    const settings = { CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'), HOME: dir }
    const child = spawnService(settings, [`--env-file-if-exists=${file}`, path.join(PROJECT, 'src/start.js')])
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    await until('it listens', () => /Note: No Zulip/.test(output))
    const url = /listens on (\S+)/.exec(output)?.[1]
    t.equal((await fetch(`${url}/runs`)).status, 401, encoding)
    const headers = { authorization: 'Bearer from-the-file' }
    t.equal((await fetch(`${url}/runs`, { headers })).status, 200, encoding)
    t.match(output, `Note: ${file} is not all read by Node itself; save it as UTF-8`, encoding)
    t.match(output, `Note: ${file}, line 3 has no "=", and counts for nothing`, encoding)
    child.kill('SIGTERM')
    t.same(await once(child, 'exit'), [0, null])
  }
})

t.test('a file that its owner wrote and nobody can read is told with its setting', async (t) => {
  const dir = t.testdir({ logs: {}, dangling: t.fixture('symlink', 'absent') })
  const at = (name: string) => path.join(dir, name)
  writeFileSync(at('latin'), Buffer.from('{"hooks": "ü"}', 'latin1'))
  writeFileSync(at('empty'), '')
  spawnSync('mkfifo', [at('pipe')])
  for (const name of ['dangling', 'latin', 'empty', 'pipe', 'absent', 'logs']) {
    for (const setting of ['LOOPER_HOOKS_FILE', 'LOOPER_TOKENS_FILE']) {
      const { code, output } = await refusal({ CODEX_EXEC_LOG_DIR: at('logs'), [setting]: at(name) })
      t.equal(code, 78, name)
      t.match(output, new RegExp(`nothing was started:\\n {2}${setting}: .*${at(name)}`), name)
    }
  }
})

t.test('the server log takes no file of another setting', async (t) => {
  const dir = t.testdir({ logs: {}, file: '' })
  const file = path.join(dir, 'file')
  const settings = { CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'), LOOPER_SERVER_LOG_PATH: file }
  for (const name of ['LOOPER_DB_PATH', 'LOOPER_DEFAULT_PROMPT_FILE']) {
    const { code, output } = await refusal({ ...settings, [name]: file })
    t.equal(code, 78, name)
    t.match(output, `LOOPER_SERVER_LOG_PATH: ${file} is the file of another setting`, name)
    t.ok(lstatSync(file).isFile(), name)
  }
})
