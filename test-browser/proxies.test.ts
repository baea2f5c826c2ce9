import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { PROJECT, until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startRun, startService } from './browser.ts'

// What docs/proxy.md tells people to write, with the programs that are meant.

const GUIDE = readFileSync(path.join(PROJECT, 'docs/proxy.md'), 'utf8')
const FIXTURES = path.join(PROJECT, 'test/fixtures')
const TOKEN = 'the-right-token-of-this-test'
const NAME = 'looper.localhost'
const HEADERS = ['-H', `X-Looper-Token: ${TOKEN}`]

interface Place {
  readonly dir: string
  readonly port: number
  /** Host and port of the service. */
  readonly service: string
}

interface Proxy {
  readonly program: string
  /** The guide's configuration for a host of its own. */
  atRoot(text: string): string
  /** The guide's configuration with these files and ports: what is written to `file`, and how it is started. */
  place(text: string, place: Place): { text: string; args(file: string): string[] }
}

const openssl = (kind: string) =>
  execFileSync('openssl', ['passwd', kind, 'pass'], { encoding: 'utf8' }).trim()

const PROXIES: Readonly<Record<string, Proxy>> = {
  nginx: {
    program: 'nginx',
    atRoot: (text) =>
      text
        .replace('location /looper/ {', 'location / {')
        .replace('location /looper/hooks/ {', 'location /hooks/ {'),
    place(text, { dir, port, service }) {
      writeFileSync(path.join(dir, 'looper.htpasswd'), `alice:${openssl('-apr1')}\n`)
      const own = text
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replaceAll('/etc/nginx', dir)
        .replaceAll('127.0.0.1:3456', service)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((kind) => `${kind}_temp_path ${dir}/${kind};`)
        .join('\n')
      return {
        text: `daemon off; master_process off; pid ${dir}/pid; error_log stderr; events {}
          http { access_log off; ${temporary}\n${own} }`,
        args: (file) => ['-e', 'stderr', '-p', dir, '-c', file],
      }
    },
  },
  haproxy: {
    program: 'haproxy',
    atRoot: (text) =>
      text
        .replace(/.*http-request redirect.*\n/, '')
        .replace(/.*replace-path.*\n/, '')
        .replace('path_beg /looper/hooks/', 'path_beg /hooks/')
        .replace('path_beg /looper/', 'path_beg /'),
    place: (text, { dir, port, service }) => ({
      text: text
        .replace('bind :443', `bind 127.0.0.1:${port}`)
        .replaceAll('/etc/haproxy', dir)
        .replace('$5$saltsalt$replace.me', openssl('-5'))
        .replace('127.0.0.1:3456', service),
      args: (file) => ['-db', '-f', file],
    }),
  },
  caddyfile: {
    program: 'caddy',
    atRoot: (text) => text.replace(/.*redir .*\n/, '').replace('handle_path /looper/* {', 'handle {'),
    place(text, { dir, port, service }) {
      const password = execFileSync('caddy', ['hash-password', '--plaintext', 'pass'], { encoding: 'utf8' })
      // From 2.8 on the older name is only a warning.
      const own = text
        .replace('looper.example.com', `${NAME}:${port}`)
        .replaceAll('/etc/caddy', dir)
        .replace('$2a$14$replace.me', password.trim())
        .replace('127.0.0.1:3456', service)
      return {
        text: `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${dir}\n}\n${own}`,
        args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
      }
    },
  },
}

/** A host of its own has no path to tell of. */
const withoutPrefix = (text: string) => text.replace(/.*X-Forwarded-Prefix.*\n/, '')

function configurationOf(language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(GUIDE)?.[1]
  if (text === undefined) throw new Error(`docs/proxy.md tells nothing of ${language}`)
  return text.replaceAll('looper.example.com', language === 'caddyfile' ? 'looper.example.com' : NAME)
}

function lacks(program: string): string | false {
  const dirs = `${process.env.PATH}:/usr/sbin`.split(':')
  const found = dirs.some((dir) => {
    try {
      return execFileSync('test', ['-x', path.join(dir, program)]) !== null
    } catch {
      return false
    }
  })
  return found ? false : `there is no ${program}`
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const run = promisify(execFile)

/** The answer's status and body; Basic auth, then what is given. */
async function curl(...args: string[]): Promise<{ status: number; body: string }> {
  const all = ['-sk', '--noproxy', '*', '-w', '\n%{http_code}', '-u', 'alice:pass', ...args]
  const { stdout } = await run('curl', all)
  const [, body = '', status = ''] = /^(.*)\n(\d+)$/s.exec(stdout) ?? []
  return { status: Number(status), body }
}

async function startProxy(test: Test, proxy: Proxy, text: string, service: string): Promise<number> {
  const dir = path.join(test.testdirName, 'proxy')
  mkdirSync(dir)
  const certificate = readFileSync(path.join(FIXTURES, 'certificate.pem'), 'utf8')
  const key = readFileSync(path.join(FIXTURES, 'certificate-key.pem'), 'utf8')
  writeFileSync(path.join(dir, 'looper.crt'), certificate)
  writeFileSync(path.join(dir, 'looper.key'), key)
  writeFileSync(path.join(dir, 'looper.pem'), certificate + key)
  const port = await freePort()
  const placed = proxy.place(text, { dir, port, service: new URL(service).host })
  const file = path.join(dir, 'proxy.conf')
  writeFileSync(file, placed.text)
  const child = spawn(proxy.program, placed.args(file), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // With the mark by which whatever a test file leaves is ended.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: dir },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  test.teardown(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
  })
  await until(`${proxy.program} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${proxy.program} ended: ${said}`)
    return await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  })
  return port
}

for (const [language, proxy] of Object.entries(PROXIES)) {
  for (const [where, prefix] of [
    ['below a path', '/looper'],
    ['on a host of its own', ''],
  ] as const) {
    const text = configurationOf(language)
    t.test(
      `${proxy.program} as the guide has it, ${where}`,
      { skip: skip || lacks(proxy.program) },
      async (t) => {
        const { service } = await startService(
          t,
          {
            LOOPER_HOST: '127.0.0.1',
            LOOPER_API_TOKEN: TOKEN,
            LOOPER_ALLOWED_HOSTS: NAME,
            LOOPER_HOOKS_FILE: path.join(t.testdirName, 'hooks.json'),
            HOOK_SECRET: 'the-secret-of-the-hook',
          },
          {
            'hooks.json': JSON.stringify({
              hooks: {
                ci: { kind: 'bearer', secret_env: 'HOOK_SECRET', message: 'A hook', prompt: '' },
              },
            }),
          },
        )
        const port = await startProxy(
          t,
          proxy,
          prefix ? text : withoutPrefix(proxy.atRoot(text)),
          service.url,
        )
        const url = `https://${NAME}:${port}${prefix}`

        await t.test('the page works', async (t) => {
          const { page, faults } = await open(await openBrowser(t), `${url}/`, {
            ignoreHTTPSErrors: true,
            httpCredentials: { username: 'alice', password: 'pass' },
          })
          await page.getByLabel('Token').fill(TOKEN)
          await page.getByRole('button', { name: 'Sign in' }).click()
          await startRun(page, 'Through a proxy', 'echo it runs; sleep 300')
          await page.getByText('it runs', { exact: true }).waitFor()
          t.same(faults, [])
        })

        await t.test('a log comes line by line', async (t) => {
          const go = path.join(service.logDir, 'go')
          const { status, body } = await curl(
            `${url}/run`,
            ...HEADERS,
            '--json',
            JSON.stringify({
              zulip_message: 'With a program',
              codex_prompt: `echo first; until test -e ${go}; do sleep 0.05; done; echo second`,
            }),
            '-H',
            `Origin: https://${NAME}:${port}`,
          )
          t.equal(status, 200)
          const id: string = JSON.parse(body).run_id
          const follow = ['-skN', '--noproxy', '*', '-u', 'alice:pass', ...HEADERS]
          const child = spawn('curl', [...follow, `${url}/runs/${id}/log?follow=1`])
          let seen = ''
          child.stdout.on('data', (chunk) => (seen += chunk))
          await until('the first line comes while the run goes on', () => seen.includes('first\\n'))
          t.notMatch(seen, /second\\n/)
          writeFileSync(go, '')
          await once(child, 'close')
          t.match(seen, /second\\n/)
          t.match(seen, /event: end/)
        })

        await t.test('/docs shows the address that its reader used', async (t) => {
          const { body } = await curl(`${url}/docs`)
          t.match(body, `curl ${url}/runs `)
        })

        await t.test('strangers stay outside', async (t) => {
          const wrong = await curl(`${url}/status`, '-H', 'X-Looper-Token: wrong')
          t.match(wrong, { status: 401, body: /LOOPER_UNAUTHORIZED/ })
          t.match(await curl(`${url}/status`, ...HEADERS), { status: 200 })
          t.match(await curl(`${url}/status`, ...HEADERS, '-u', 'alice:wrong'), { status: 401 })
          const foreign = await curl(
            `${url}/run`,
            ...HEADERS,
            '--json',
            '{"zulip_message":"x","codex_prompt":""}',
            '-H',
            'Origin: https://elsewhere.example',
          )
          t.match(foreign, { status: 403, body: /LOOPER_ORIGIN_FORBIDDEN/ })
          const other = await curl(`${url}/status`, ...HEADERS, '-H', 'Host: elsewhere.example')
          t.match(
            other,
            language === 'caddyfile' ? { body: '' } : { status: 421, body: /LOOPER_HOST_UNKNOWN/ },
          )
        })

        await t.test('a webhook needs no password, and a large body goes through', async (t) => {
          const file = path.join(service.logDir, 'large.json')
          writeFileSync(file, JSON.stringify({ filler: 'x'.repeat(20_000_000) }))
          const hook = ['-u', ':', '-H', 'Authorization: Bearer the-secret-of-the-hook']
          t.match(await curl(`${url}/hooks/ci`, ...hook, '--json', `@${file}`), { status: 202 })
        })
      },
    )
  }
}
