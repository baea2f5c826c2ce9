import { execFile, execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startLoopbackProxy } from '../fixtures/loopback-proxy.ts'
import { PROJECT } from '../helpers/service.ts'

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Received {
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

const placesOf = (program: string) =>
  (process.env.PATH ?? '')
    .split(':')
    .map((dir) => path.join(dir, program))
    .filter((file) => existsSync(file))
const isThere = (program: string) => placesOf(program).length > 0
const isSaying = (body: unknown): body is { zulip_message: unknown } =>
  typeof body === 'object' && body !== null && 'zulip_message' in body
const SHELLS = ['sh', 'bash', 'busybox'].filter(isThere)
if (!isThere('curl')) {
  t.plan(0, 'curl is not installed')
  process.exit()
}

/** A server that answers so, and a copy of the script in a repository of its own. */
async function setUp(test: Test, status = 200, answer = `{"ok":${status === 200},\n"error":"as told"}`) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.teardown(() => server.close())
  const repository = realpathSync(test.testdir({ '.git': {}, 'tools with "quotes"': { deep: {} } }))
  const folder = path.join(repository, 'tools with "quotes"', 'deep')
  mkdirSync(folder, { recursive: true })
  const script = path.join(folder, 'run-codex-task.sh')
  copyFileSync(path.join(PROJECT, 'scripts/run-codex-task.sh'), script)
  const { port } = server.address() as AddressInfo
  const run = (args: string[], env: NodeJS.ProcessEnv = {}, shell = 'sh') =>
    new Promise<Outcome>((resolve) => {
      execFile(
        shell,
        [...(shell === 'busybox' ? ['sh'] : []), script, ...args],
        { env: { PATH: process.env.PATH, LOOPER_URL: `http://127.0.0.1:${port}/run`, ...env } },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      )
    })
  return { received, run, repository, folder, script, port, origin: `http://127.0.0.1:${port}` }
}

t.test('it posts the message and the repository it stands in, as right JSON, in every shell', async (t) => {
  const { received, run, repository } = await setUp(t)
  const controls = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('')
  const messages = [
    'plain',
    'quotes " and \' and `',
    'back\\slash \\n \\u0041 \\',
    'lines\nand\n\nmore\n',
    'tabs\tand\rreturns',
    controls,
    'delete \u007f',
    'Grüße, 日本語, 🎉',
    '$HOME $(id) %s %d -n *',
    '-n',
    '"'.repeat(500),
    'x'.repeat(20_000),
    `${'ü'.repeat(1000)}\n`.repeat(50),
  ]
  for (const shell of SHELLS) {
    for (const message of messages) {
      const { code } = await run([message], {}, shell)
      t.equal(code, 0)
      t.same(
        received.at(-1)?.body,
        { zulip_message: message, workspace: repository },
        `${shell}: ${message.slice(0, 20)}`,
      )
    }
  }
})

t.test('without an argument it sends the text of the file beside it', async (t) => {
  const { received, run, folder } = await setUp(t)
  writeFileSync(path.join(folder, 'run-codex-task.message.txt'), 'line "one"\n  line two\n\nlast')
  t.equal((await run([])).code, 0)
  t.match(received[0]?.body, { zulip_message: 'line "one"\n  line two\n\nlast' })
})

t.test('a file of any other kind is told, not waited for or sent', async (t) => {
  const { received, run, folder } = await setUp(t)
  const file = path.join(folder, 'run-codex-task.message.txt')
  for (const shell of SHELLS) {
    writeFileSync(file, '\ufeffmarked\n')
    t.match(await run([], {}, shell), { code: 0 }, shell)
    t.match(received.pop()?.body, { zulip_message: 'marked' }, shell)
    const little = Buffer.from('\ufeffgo on', 'utf16le')
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      writeFileSync(file, bytes)
      t.match(await run([], {}, shell), { code: 2, stderr: `${file} is UTF-16; save it as UTF-8` }, shell)
    }
    for (const empty of ['', '\n', '\ufeff']) {
      writeFileSync(file, empty)
      t.match(await run([], {}, shell), { code: 2, stderr: `${file} is empty` }, shell)
    }
    for (const make of [() => mkdirSync(file), () => execFileSync('mkfifo', [file])]) {
      rmSync(file, { recursive: true })
      make()
      t.match(await run([], {}, shell), { code: 2, stderr: `cannot read ${file}: it is not a file` }, shell)
    }
    rmSync(file)
  }
})

t.test('a message that is too long for an argument is sent all the same, whole', async (t) => {
  const { received, run, folder } = await setUp(t)
  const message = 'A line with "quotes", \\ and ümläuts.\n'.repeat(4500)
  writeFileSync(path.join(folder, 'run-codex-task.message.txt'), message)
  for (const shell of SHELLS) {
    t.equal((await run([], {}, shell)).code, 0)
    const body = received.at(-1)?.body
    t.ok(isSaying(body) && body.zulip_message === message.slice(0, -1), shell)
  }
})

t.test('no process list shows the token', async (t) => {
  const { received, run, folder } = await setUp(t)
  const curl = path.join(folder, 'curl')
  const [real = ''] = placesOf('curl')
  writeFileSync(curl, `#!/bin/sh\nprintf '%s\\n' "$@" >>'${folder}/args'\nexec '${real}' "$@"\n`, {
    mode: 0o755,
  })
  const PATH = `${folder}:${process.env.PATH}`
  t.equal((await run(['a-public-message'], { PATH, LOOPER_API_TOKEN: 'a-secret-token' })).code, 0)
  t.equal(received[0]?.headers.authorization, 'Bearer a-secret-token')
  t.notMatch(readFileSync(path.join(folder, 'args'), 'utf8'), /a-secret-token/)
})

t.test(
  'this machine is asked directly, whatever the environment or curl’s own file names as a proxy',
  async (t) => {
    const { run, port, origin, received, folder } = await setUp(t)
    const proxy = await startLoopbackProxy(origin)
    t.teardown(() => proxy.close())
    writeFileSync(path.join(folder, '.curlrc'), `proxy = "${proxy.url}"\n`)
    const env = { http_proxy: proxy.url, ALL_PROXY: proxy.url, HOME: folder, LOOPER_API_TOKEN: 'token' }
    const ask = (host: string, shell: string) =>
      run(['hello'], { ...env, LOOPER_URL: `http://${host}:${port}` }, shell)
    for (const shell of SHELLS) {
      for (const host of [
        '127.0.0.1',
        '127.1',
        '127.0.0.2',
        '0x7f.1',
        '0X7F000001',
        '2130706433',
        '0177.0.0.1',
      ]) {
        await ask(host, shell)
      }
      for (const host of [
        'localhost',
        'LocalHost.',
        'a.localhost',
        '0.0.0.0',
        '0',
        '127.0.0.1.',
        'bot:x@127.0.0.1',
      ]) {
        await ask(host, shell)
      }
      for (const host of ['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::FFFF:7f00:1]']) {
        await ask(host, shell)
      }
      await run(['hello'], { ...env, LOOPER_URL: `127.0.0.1:${port}` }, shell)
      t.strictSame(proxy.asked, [], shell)
    }
    t.ok(received.length > SHELLS.length * 8, 'most forms lead to the service')
  },
)

t.test('another machine is asked through the proxy that the environment names', async (t) => {
  const { run, origin } = await setUp(t)
  const proxy = await startLoopbackProxy(origin)
  t.teardown(() => proxy.close())
  const hosts = ['looper.example', 'localhost.example', '127.example', '127.0.0.1.example', '128.0.0.1']
  const more = [
    '0200.1',
    '0x80.1',
    '3232235521',
    '08.1.1.1',
    '0xg.1',
    '[::2]',
    '[2001:db8::1]',
    '[::ffff:128.0.0.1]',
  ]
  for (const shell of SHELLS) {
    for (const host of [...hosts, ...more]) {
      const asked = proxy.asked.length
      await run(['hello'], { http_proxy: proxy.url, LOOPER_URL: `http://${host}:3456` }, shell)
      t.equal(proxy.asked.length, asked + 1, `${shell}: ${host}`)
    }
  }
})

t.test('a terminal gets an answer that it has nothing to obey in; a pipe gets the very bytes', async (t) => {
  const controls = 'a\u001b]0;owned\u0007\u001b[2Jb\u009b2Jc\u202ed\u2066e\u061cf\u200fg\u2029h\ri\u007f'
  const words = 'Grüße, 日本語, 🎉, €, â, Ø, ق, “x”'
  const { run, script, origin } = await setUp(t, 200, `{"error":"${controls} ${words}",\n"ok":true}`)
  t.equal((await run(['hello'])).stdout, `{"error":"${controls} ${words}",\n"ok":true}\n`)
  if (!isThere('script')) return t.comment('there is no script program: no terminal is tried')
  for (const shell of SHELLS.map((name) => (name === 'busybox' ? 'busybox sh' : name))) {
    const command = `${shell} '${script}' hello`
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, LOOPER_URL: origin, LANG: 'C.UTF-8' },
    })
    t.equal(stdout, `{"error":"a?]0;owned??[2Jb?2Jc?d?e?f?g?h?i? ${words}",\r\n"ok":true}\r\n`, shell)
  }
})

t.test('a token that no header can carry is refused, and not shown', async (t) => {
  const { run, received } = await setUp(t)
  const { code, stdout, stderr } = await run(['hello'], { LOOPER_API_TOKEN: 'se\ncret' })
  t.equal(code, 2)
  t.equal(stderr, 'run-codex-task: LOOPER_API_TOKEN must be printable ASCII\n')
  t.equal(stdout, '')
  t.strictSame(received, [])
})

t.test('the token goes into the header, and only there', async (t) => {
  const { received, run } = await setUp(t)
  await run(['hello'], { LOOPER_API_TOKEN: 'se"cr\\et' })
  t.equal(received[0]?.headers.authorization, 'Bearer se"cr\\et')
  await run(['hello'], { LOOPER_API_TOKEN: '' })
  t.equal(received[1]?.headers.authorization, undefined)
})

t.test('an HTTP error prints the body and exits non-zero', async (t) => {
  const { run } = await setUp(t, 409)
  const { code, stdout } = await run(['hello'])
  t.equal(code, 1)
  t.equal(stdout, '{"ok":false,\n"error":"as told"}\n')
})

t.test('the address of the service is enough', async (t) => {
  const { received, run, origin } = await setUp(t)
  for (const LOOPER_URL of [origin, `${origin}/`, `${origin}/run`]) {
    t.equal((await run(['hello'], { LOOPER_URL })).code, 0, LOOPER_URL)
  }
  t.strictSame(
    received.map(({ url }) => url),
    ['/run', '/run', '/run'],
  )
})

t.test('a service that is not there is told, with its address', async (t) => {
  const { run } = await setUp(t)
  const { code, stderr } = await run(['hello'], { LOOPER_URL: 'http://127.0.0.1:1/run' })
  t.equal(code, 7, "curl's own exit code")
  t.match(stderr, /cannot reach Looper at http:\/\/127\.0\.0\.1:1\/run/)
})

t.test('it says what it needs', async (t) => {
  const { run, received } = await setUp(t)
  t.match(await run([]), {
    code: 2,
    stderr: /no message given, and there is no .*run-codex-task\.message\.txt/,
  })
  t.match(await run(['two', 'words']), { code: 2, stderr: /one message, in quotes/ })
  t.match(await run(['--help']), { code: 0, stdout: /usage: run-codex-task\.sh/ })
  t.match(await run(['hello'], { PATH: '/nonexistent' }, '/bin/sh'), { code: 127, stderr: /curl is needed/ })
  t.equal(received.length, 0)
})
