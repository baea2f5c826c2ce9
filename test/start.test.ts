import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { carriers, runIdOf } from './helpers/processes.ts'
import { PROJECT, spawnService, until } from './helpers/service.ts'

/** Tells on stdout what is loaded. */
const TELLING =
  "data:text/javascript,import { registerHooks } from 'node:module';" +
  "registerHooks({ load(url, context, next) { console.log('loaded', url); return next(url, context) } })"

t.test('until it listens, the service loads nothing that only later work needs', async (t) => {
  const logDir = t.testdir()
  const child = spawnService({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir }, [
    '--import',
    TELLING,
    path.join(PROJECT, 'src/start.js'),
  ])
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  await until('it listens', () => /listens on/.test(output))
  t.match(output, /loaded \S+node_modules\/fastify\//)
  const found = /loaded \S+node_modules\/(typebox|ajv\/dist\/core|zulip-js|execa|ps-list|tree-kill)\b/.exec(
    output,
  )
  t.equal(found?.[1], undefined)
  child.kill('SIGTERM')
  t.strictSame(await once(child, 'exit'), [0, null])
  t.ok(
    existsSync(path.join(PROJECT, 'node_modules/.cache/looper')),
    'compiled code is kept for the next start',
  )
})

const START = path.join(PROJECT, 'src/start.js')
const CHECK = path.join(PROJECT, 'src/node-version.cjs')
const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(path.join(PROJECT, 'package.json'), 'utf8'),
).scripts

t.test('a Node that is too old is told as such, with what to do, and exit status 78', async (t) => {
  for (const version of ['12.22.12', '18.0.0', '22.18.0', '24.1.9']) {
    const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
    for (const file of [START, CHECK]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, file], {
        encoding: 'utf8',
      })
      t.equal(status, 78)
      t.equal(stdout, '')
      t.match(stderr, `looper: Node ${version} is too old for Looper, which needs 24.2 or newer.\n"npm ci `)
      t.notMatch(stderr, /^ +at /m)
    }
  }
  const { status, stderr } = spawnSync(process.execPath, ['--no-strip-types', START], { encoding: 'utf8' })
  t.equal(status, 78)
  t.match(stderr, `looper: Node ${process.versions.node} does not run TypeScript.\n`)
  t.equal(spawnSync(process.execPath, [CHECK]).status, 0)
})

t.test('an old Node gets as far as that sentence', async (t) => {
  const old = (process.env.PATH ?? '')
    .split(':')
    .map((dir) => path.join(dir, 'node'))
    .find((file) => {
      const [, major] = /^v(\d+)\./.exec(String(spawnSync(file, ['--version']).stdout)) ?? []
      return major !== undefined && Number(major) < 24
    })
  if (old === undefined) return t.comment('there is no old Node on this machine')
  const run = (...args: string[]) => {
    // Not with what tap gives to every Node.
    const env = ['-i', `PATH=${path.dirname(old)}:/usr/bin:/bin`, `HOME=${t.testdir()}`]
    return spawnSync('env', [...env, old, ...args], { encoding: 'utf8', cwd: PROJECT })
  }
  for (const file of [START, CHECK]) {
    const { status, stderr } = run(file)
    t.strictSame([status, /^looper: Node \S+ is too old/.test(stderr)], [78, true], stderr)
  }
  const { status, stderr } = run(path.join(PROJECT, 'bin/looper.js'), 'status')
  t.not(status, 0)
  t.match(stderr, /^looper: /)
  t.notMatch(stderr, /^ +at /m)
})

t.test(
  'every script of the package that runs Node looks at it first, and takes the place of its shell',
  async (t) => {
    const started = Object.entries(scripts).filter(
      ([name, line]) => /\bnode\b/.test(line) && name !== 'prepack',
    )
    t.ok(started.length >= 7)
    for (const [name, line] of started) t.match(line, /^node src\/node-version\.cjs && exec node \S/, name)
  },
)

t.test('SIGTERM to npm start ends the service and its run', async (t) => {
  // In a place of its own: the .env of whoever runs the tests does not count.
  const dir = t.testdir({ logs: {}, ws: {} })
  copyFileSync(path.join(PROJECT, 'package.json'), path.join(dir, 'package.json'))
  for (const name of ['src', 'node_modules']) symlinkSync(path.join(PROJECT, name), path.join(dir, name))
  const logs = path.join(dir, 'logs')
  const child = spawn('npm', ['start', '--silent'], {
    cwd: dir,
    env: {
      PATH: process.env.PATH,
      HOME: logs,
      LOOPER_PORT: '0',
      LOOPER_STOP_SCOPE: 'own',
      LOOPER_WORKSPACE_ROOTS: '/',
      LOOPER_AUTO_START_WHEN_IDLE: '0',
      CODEX_EXEC_LOG_DIR: logs,
      CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
      CODEX_EXEC_DELAY_SECONDS: '0',
      CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
    },
  })
  t.teardown(() => child.kill('SIGTERM'))
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await until('it listens', () => /Server log/.test(output))
  const [, url = ''] = /listens on (\S+)/.exec(output) ?? []
  const response = await fetch(`${url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zulip_message: 'x', codex_prompt: 'sleep 300', workspace: path.join(dir, 'ws') }),
  })
  const runId = runIdOf(await response.text())
  t.not(carriers(runId).length, 0, 'a run lives')
  child.kill('SIGTERM')
  await once(child, 'close')
  t.match(output, 'SIGTERM: stopping\nStopped\n', 'it was the service itself that heard it')
  t.strictSame(carriers(runId), [])
  await t.rejects(fetch(`${url}/health`))
})
