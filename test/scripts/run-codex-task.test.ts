import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
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

const isThere = (program: string) =>
  (process.env.PATH ?? '').split(':').some((dir) => existsSync(path.join(dir, program)))
const SHELLS = ['sh', 'bash', 'busybox'].filter(isThere)
if (!isThere('curl')) {
  t.plan(0, 'curl is not installed')
  process.exit()
}

/** A server that answers with this status, and a copy of the script in a repository of its own. */
async function setUp(test: Test, status = 200) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`{"ok":${status === 200},\n"error":"as told"}`)
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
  return { received, run, repository, folder, origin: `http://127.0.0.1:${port}` }
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
      t.match(await run([], {}, shell), { code: 2, stderr: `cannot read ${file}: it is no file` }, shell)
    }
    rmSync(file)
  }
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
