import { once } from 'node:events'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ClaimError, claim } from '../src/claim.ts'
import { ConfigError } from '../src/config.ts'
import { spawnService, startTestService, textOf, until } from './helpers/service.ts'

const settingsOf = (logDir: string) => ({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir })

/** Starts a service and waits until it listens or ends. */
async function start(logDir: string) {
  const child = spawnService(settingsOf(logDir))
  let output = ''
  const read = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  const closed = once(child, 'close')
  await until('it listens or ends', () => output.includes('listens on') || child.exitCode !== null)
  return { child, closed, output: () => output, listens: output.includes('listens on') }
}

t.test(
  'a second claim of one directory is refused, naming the owner; another directory is free',
  async (t) => {
    const dir = t.testdir({ logs: {}, others: {} })
    const logs = path.join(dir, 'logs')
    const first = claim(logs)
    const owned = (who: string) => `another Looper owns ${logs}: ${who}; stop it, or set CODEX_EXEC_LOG_DIR`
    t.throws(() => claim(logs), { constructor: ClaimError, message: owned(`pid ${process.pid}, starting`) })
    first.publish('http://127.0.0.1:3456')
    t.throws(() => claim(logs), { message: owned(`pid ${process.pid}, http://127.0.0.1:3456`) })
    rmSync(path.join(logs, '.owner'))
    t.throws(() => claim(logs), { constructor: ClaimError, message: /another Looper owns .*: ENOENT/ })
    claim(path.join(dir, 'others')).release()

    first.release()
    claim(logs).release()
  },
)

t.test('a lock that is no lock is told as it is', async (t) => {
  const dir = t.testdir({ '.lock': 'garbage'.repeat(1000) })
  t.throws(() => claim(dir), { message: 'file is not a database' })
  t.throws(() => claim(path.join(dir, 'absent')), { message: 'unable to open database file' })
})

t.test('a file system without locks is named as one, and not taken for an owner', async (t) => {
  const dir = t.testdir({})
  const failing = (errcode: number, also?: number) => (file: string) => {
    const code = file.endsWith('.lock') ? errcode : also
    if (code !== undefined) throw Object.assign(new Error('as told'), { errcode: code })
    return () => undefined
  }
  const none = {
    constructor: ConfigError,
    message: /CODEX_EXEC_LOG_DIR: .* lies on a file system without locks, .*name a directory on another one/,
  }
  // ENOLCK, as network file systems say it, is "busy" to SQLite; other errors it tells as what they are.
  t.throws(() => claim(dir, failing(5, 5)), none)
  t.throws(() => claim(dir, failing(3850)), none)
  t.throws(() => claim(dir, failing(5)), { message: /another Looper owns/ })
  t.throws(() => claim(dir, failing(5, 14)), { message: /another Looper owns/ }, 'it is not known')
  t.throws(() => claim(dir, failing(14)), { message: 'as told' })
  const other = new Error('of something else')
  t.throws(
    () =>
      claim(dir, () => {
        throw other
      }),
    other,
  )
  t.strictSame(readdirSync(dir), [], 'nothing is left of finding out')
})

t.test('a second service is refused with pid and address of the first, which is not disturbed', async (t) => {
  const logDir = t.testdir()
  const first = await startTestService(logDir)
  t.teardown(() => first.stop())
  const second = await start(logDir)
  const [code] = await second.closed
  t.equal(code, 1)
  t.match(second.output(), `another Looper owns ${logDir}: pid ${first.child.pid}, ${first.url}; stop it`)
  t.equal((await fetch(`${first.url}/health`)).status, 200)
  t.match(textOf(path.join(logDir, '.owner')), `pid ${first.child.pid}, ${first.url}\n`)

  const exit = once(first.child, 'exit')
  first.child.kill('SIGKILL')
  await exit
  const next = await startTestService(logDir)
  t.equal(await next.stop(), 0, 'the claim of a killed owner is free')
})

t.test('of services that start at once, one wins', async (t) => {
  const logDir = t.testdir()
  const started = await Promise.all([1, 2, 3].map(() => start(logDir)))
  const winners = started.filter(({ listens }) => listens)
  t.equal(winners.length, 1)
  for (const loser of started.filter(({ listens }) => !listens)) {
    const [code] = await loser.closed
    t.equal(code, 1)
    t.match(loser.output(), `another Looper owns ${logDir}: `)
  }
  for (const { child, closed } of winners) {
    child.kill('SIGTERM')
    t.same(await closed, [0, null])
  }
})

t.test('a service that cannot start gives its claim back', async (t) => {
  const dir = t.testdir({ logs: { 'looper.db': {} } })
  const logs = path.join(dir, 'logs')
  const failed = await start(logs)
  t.same(await failed.closed, [78, null])
  t.match(failed.output(), /cannot open the ledger .*set LOOPER_DB_PATH/)
  rmSync(path.join(logs, 'looper.db'), { recursive: true })
  writeFileSync(path.join(logs, '.owner'), 'pid 1, stale\n')
  const next = await startTestService(logs)
  t.equal(await next.stop(), 0)
})
