import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startLoopbackLooper } from './fixtures/loopback-looper.ts'
import { PROJECT, until } from './helpers/service.ts'

const BIN = path.join(PROJECT, 'bin/looper.js')

/** A process of the command, with nothing of Looper's from the outside. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, stdout: 'pipe' | number = 'pipe') {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LOOPER|ZULIP|CODEX)/.test(name))
  const child = spawn(process.execPath, args, {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', stdout, 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  return { child, ended: endOf(child), out: () => out, err: () => err }
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [status] = await once(child, 'close')
  return status
}

const version = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')).version

t.test('the command runs from the sources', async (t) => {
  const command = start([BIN, '--version'])
  t.equal(await command.ended, 0)
  t.equal(command.out(), `${version}\n`)
  t.equal(command.err(), '')
})

t.test('a Node that cannot run it is told, with what can', async (t) => {
  const command = start(['--no-strip-types', BIN, 'status'])
  t.equal(await command.ended, 1)
  t.match(command.err(), /^looper: Node \S+ is too old; use Node 24\.2 or newer, or start it as "npx looper"/)
})

t.test('Ctrl-C ends it, with the status of Ctrl-C', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  service.add({}, 'one\n')
  const command = start([BIN, 'logs', '-f'], { LOOPER_URL: service.url })
  await until('it follows', () => command.out() === 'one\n')
  command.child.kill('SIGINT')
  t.equal(await command.ended, 130)
})

t.test('a reader that has seen enough is no failure; a full disk is one', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  service.add({ outcome: 'exited', return_code: 0 }, Buffer.alloc(3_000_000, 'x'))
  const env = { LOOPER_URL: service.url }
  const enough = start([BIN, 'logs'], env)
  enough.child.stdout?.once('data', () => enough.child.stdout?.destroy())
  t.equal(await enough.ended, 0)
  t.equal(enough.err(), '')
  if (process.platform !== 'linux') return
  const full = start([BIN, 'logs'], env, openSync('/dev/full', 'w'))
  t.equal(await full.ended, 1)
  t.match(full.err(), 'looper: cannot write: ENOSPC')
})

t.test('as a package it runs without any dependency, and the doctor with them', async (t) => {
  const service = await startLoopbackLooper('sesame')
  t.teardown(() => service.close())
  const run = service.add()
  const dir = t.testdir({ node_modules: { looper: {} } })
  const home = path.join(dir, 'node_modules/looper')
  const exec = promisify(execFile)
  await exec('npm', ['pack', '--pack-destination', dir], { cwd: PROJECT })
  await exec('tar', ['-xzf', path.join(dir, `looper-${version}.tgz`), '-C', home, '--strip-components=1'])
  t.strictSame(readdirSync(home).includes('src'), false, 'without the sources')

  const bin = path.join(home, 'bin/looper.js')
  const env = { LOOPER_URL: `${service.url}/run`, LOOPER_API_TOKEN: 'sesame' }
  const runs = start([bin, 'runs', '--json'], env)
  t.equal(await runs.ended, 0, runs.err())
  t.match(JSON.parse(runs.out()), { runs: [{ run_id: run.run_id }] })

  const twenty = ['--import', path.join(PROJECT, 'test/fixtures/older-node.js'), bin]
  const onTwenty = start([...twenty, 'runs'], env)
  t.equal(await onTwenty.ended, 0, onTwenty.err())
  const serve = start([...twenty, 'serve'])
  t.equal(await serve.ended, 78)
  t.match(serve.err(), 'looper: Node 20.16.0 is too old for the service\nInstall Node 24.2')
  const examined = start([...twenty, 'doctor'])
  t.equal(await examined.ended, 1)
  t.match(examined.out(), '✗ node       20.16.0 is too old for the service')
  t.equal(examined.err(), '')

  const older = 'data:text/javascript,delete process.getBuiltinModule'
  const old = start(['--import', older, bin, 'runs'], env)
  t.equal(await old.ended, 1)
  t.match(old.err(), /is too old; use Node 20\.16 or newer\n$/)

  const modules = path.join(PROJECT, 'node_modules')
  for (const name of readdirSync(modules).filter((name) => !name.startsWith('.'))) {
    symlinkSync(path.join(modules, name), path.join(dir, 'node_modules', name))
  }
  mkdirSync(path.join(dir, 'home'))
  const doctor = start([bin, 'doctor', '--json'], { HOME: path.join(dir, 'home'), LOOPER_PORT: '0' })
  await doctor.ended
  t.match(JSON.parse(doctor.out()).checks, [
    { check: 'node', state: 'ok' },
    { check: 'settings', state: 'ok' },
  ])

  const own = path.join(dir, 'home/.looper')
  mkdirSync(path.join(dir, 'ws/.git'), { recursive: true })
  mkdirSync(own)
  writeFileSync(path.join(own, '.env'), `LOOPER_WORKSPACE_ROOTS=${dir}\nLOOPER_API_TOKEN=sesame\n`)
  const settings = {
    HOME: path.join(dir, 'home'),
    LOOPER_HOST: '127.0.0.1',
    LOOPER_PORT: '0',
    LOOPER_STOP_SCOPE: 'own',
    CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
  }
  const before = readdirSync(home, { recursive: true })
  const served = start([bin, 'serve'], settings)
  t.teardown(() => served.child.kill('SIGKILL'))
  await until('it listens', () => /Run logs and record/.test(served.out()))
  t.match(served.out(), `Settings: the environment, then ${own}/.env\nLooper listens on http://127.0.0.1:`)
  t.match(served.out(), `Server log: tail -F ${own}/logs/looper-server.log\n`)
  const [, url = ''] = /listens on (\S+)/.exec(served.out()) ?? []
  t.match(await (await fetch(url)).text(), '<!doctype html>', 'the dashboard is there')
  const once = [bin, 'run', 'hello', '--prompt', 'echo ran', '--workspace', path.join(dir, 'ws'), '--wait']
  const ran = start([...once, '--url', url], { HOME: settings.HOME, LOOPER_API_TOKEN: 'sesame' })
  t.equal(await ran.ended, 0, ran.err())
  t.match(ran.out(), /^\w{8} hello: exited 0\n$/)
  served.child.kill('SIGTERM')
  t.equal(await served.ended, 0, served.err())
  t.match(served.out(), /SIGTERM: stopping\nStopped\n$/)
  t.ok(readdirSync(path.join(own, 'logs')).includes('looper.db'))
  t.strictSame(readdirSync(home, { recursive: true }), before, 'nothing was written beside the code')
})
