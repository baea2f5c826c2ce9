import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import type { Lock } from '../../src/base/lock-file.ts'
import { ClaimError, claim } from '../../src/record/claim.ts'
import { ConfigError } from '../../src/settings/config-error.ts'
import { spawnService, startTestService, textOf, until } from '../helpers/service.ts'

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

/** Claims these, relative to the test's directory. */
const claimIn = (dir: string) => (logs: string, db: string) =>
  claim({ logDir: path.join(dir, logs), dbPath: path.join(dir, db) })

t.test('a second claim of one directory is refused, naming the owner; another one is free', async (t) => {
  const dir = t.testdir({ logs: {}, others: {} })
  const take = claimIn(dir)
  const first = await take('logs', 'logs/looper.db')
  const owned = (who: string) =>
    `another Looper owns ${path.join(dir, 'logs')}: ${who}; stop it, or set CODEX_EXEC_LOG_DIR`
  const refused = (who: string) => ({ constructor: ClaimError, message: owned(who) })
  await t.rejects(take('logs', 'logs/looper.db'), refused(`pid ${process.pid}, starting`))
  first.publish('http://127.0.0.1:3456')
  await t.rejects(take('logs', 'other.db'), refused(`pid ${process.pid}, http://127.0.0.1:3456`))
  const others = await take('others', 'others/looper.db')
  others.release()

  first.release()
  const next = await take('logs', 'logs/looper.db')
  next.release()
})

t.test(
  'a pipe or a link in the place of what tells the owner keeps nobody waiting, and is not written to',
  async (t) => {
    const dir = t.testdir({ logs: {}, precious: 'precious' })
    const at = (name: string) => path.join(dir, name)
    const owner = at('logs/.owner')
    const take = claimIn(dir)
    for (const make of [() => execFileSync('mkfifo', [owner]), () => symlinkSync(at('precious'), owner)]) {
      make()
      const claimed = await take('logs', 'looper.db')
      t.equal(textOf(owner), `pid ${process.pid}, starting\n`)
      claimed.release()
      rmSync(owner)
    }
    t.equal(textOf(at('precious')), 'precious')

    execFileSync('mkfifo', [at('pipe.db')])
    const child = spawnService({ ...settingsOf(at('logs')), LOOPER_DB_PATH: at('pipe.db') })
    const [code] = await once(child, 'exit')
    t.equal(code, 78)
  },
)

t.test('what cannot be locked is named, with what to do', async (t) => {
  const dir = t.testdir({ logs: {} })
  const file = path.join(dir, 'logs/.lock')
  mkdirSync(file)
  await t.rejects(claimIn(dir)('logs', 'looper.db'), {
    message: `${file} is not a file, so it cannot be locked; remove it`,
  })
  rmSync(file, { recursive: true })
  writeFileSync(file, 'no database')
  await t.rejects(claimIn(dir)('logs', 'looper.db'), {
    message: new RegExp(`^cannot lock ${file}: .*; see to its permissions, or remove it$`),
  })
})

t.test('a ledger has one owner, by whatever name it is reached', async (t) => {
  const dir = t.testdir({ one: {}, two: {} })
  const take = claimIn(dir)
  const first = await take('one', 'looper.db')
  linkSync(path.join(dir, 'looper.db'), path.join(dir, 'hard-link.db'))
  symlinkSync('looper.db', path.join(dir, 'soft-link.db'))
  symlinkSync('.', path.join(dir, 'also-here'))
  for (const name of ['looper.db', 'hard-link.db', 'soft-link.db', 'also-here/looper.db']) {
    const owned = `another Looper owns ${path.join(dir, name)}: pid ${process.pid}, starting; stop it, or set LOOPER_DB_PATH`
    await t.rejects(take('two', name), { constructor: ClaimError, message: owned })
  }
  const other = await take('two', 'another.db')
  other.release()
  first.release()
  const next = await take('two', 'hard-link.db')
  next.release()
})

t.test('a lock that was removed, or an owner who says nothing, opens no door', async (t) => {
  const dir = t.testdir({ logs: {} })
  const take = claimIn(dir)
  const first = await take('logs', 'looper.db')
  first.publish('anything but an address')
  for (const name of ['logs/.lock', 'logs/.owner', 'looper.db.lock']) rmSync(path.join(dir, name))
  const owned = `another Looper owns ${path.join(dir, 'logs')}: it does not say who it is; stop it`
  await t.rejects(take('logs', 'looper.db'), { constructor: ClaimError, message: owned })
  first.release()
})

t.test(
  'whoever holds the name may say anything, or nothing',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const dir = t.testdir({ logs: {} })
    const { dev, ino } = statSync(path.join(dir, 'logs'), { bigint: true })
    for (const answer of [() => undefined, (socket: Socket) => socket.end('pid 1, '.repeat(1_000_000))]) {
      const squatter = createServer((socket) => {
        socket.on('error', () => undefined)
        answer(socket)
      }).listen(`\0looper-${dev}-${ino}`)
      await once(squatter, 'listening')
      const owned = `another Looper owns ${path.join(dir, 'logs')}: it does not say who it is; stop it`
      await t.rejects(claimIn(dir)('logs', 'looper.db'), { constructor: ClaimError, message: owned })
      squatter.close()
      await once(squatter, 'close')
    }
  },
)

t.test('a ledger in the place of the first one has the same owner', async (t) => {
  const dir = t.testdir({ one: {}, two: {} })
  const take = claimIn(dir)
  const first = await take('one', 'one/looper.db')
  renameSync(path.join(dir, 'one/looper.db'), path.join(dir, 'one/looper.db.broken'))
  await first.follow()
  writeFileSync(path.join(dir, 'one/looper.db'), '')
  await t.rejects(
    take('two', 'one/looper.db'),
    { message: /^another Looper owns / },
    'its lock holds meanwhile',
  )
  await first.follow()
  await first.follow()
  linkSync(path.join(dir, 'one/looper.db'), path.join(dir, 'hard-link.db'))
  await t.rejects(take('two', 'hard-link.db'), { message: /^another Looper owns / })
  first.release()
  const next = await take('two', 'hard-link.db')
  next.release()
})

t.test('a service whose ledger was broken owns the new one', async (t) => {
  const dir = t.testdir({ logs: { 'looper.db': 'garbage'.repeat(1000) }, others: {} })
  const service = await startTestService(path.join(dir, 'logs'))
  t.teardown(() => service.stop())
  linkSync(path.join(dir, 'logs/looper.db'), path.join(dir, 'hard-link.db'))
  for (const name of ['logs/looper.db', 'hard-link.db'])
    await t.rejects(claimIn(dir)('others', name), {
      message: new RegExp(`: pid ${service.child.pid}, ${service.url};`),
    })
})

t.test(
  'whoever asks an owner for its name is let go, and keeps nothing of it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const dir = t.testdir({ logs: {} })
    const first = await claimIn(dir)('logs', 'looper.db')
    t.teardown(() => first.release())
    const { dev, ino } = statSync(path.join(dir, 'logs'), { bigint: true })
    const stranger = connect({ path: `\0looper-${dev}-${ino}`, allowHalfOpen: true }).resume()
    await once(stranger, 'end')
    const gone = once(stranger, 'close').catch((error: unknown) => error)
    stranger.write('still here')
    t.match(await gone, { code: /EPIPE|ECONNRESET/ })
  },
)

t.test('where the name does not reach, as from another container, the lock does', async (t) => {
  const dir = t.testdir({ logs: { '.owner': 'pid 7, http://elsewhere\n' }, others: {} })
  const hold = (file: string) => {
    const lock = new DatabaseSync(path.join(dir, file))
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  }
  const take = claimIn(dir)
  const logs = hold('logs/.lock')
  await t.rejects(take('logs', 'looper.db'), { message: /owns .*logs: pid 7, http:\/\/elsewhere; stop it/ })
  rmSync(path.join(dir, 'logs/.owner'))
  await t.rejects(take('logs', 'looper.db'), {
    constructor: ClaimError,
    message: /owns .*: it does not say who it is/,
  })
  logs.close()
  const ledger = hold('looper.db.lock')
  await t.rejects(take('logs', 'looper.db'), { message: /owns .*looper.db: it does not say who it is/ })
  ledger.close()
  const first = await take('logs', 'looper.db')
  first.release()

  mkdirSync(path.join(dir, 'own'))
  const within = await take('own', 'own/looper.db')
  t.throws(() => hold('own/looper.db.lock'), { message: 'database is locked' }, 'also within a log directory')
  within.release()
})

t.test('a lock that is no lock is told as it is', async (t) => {
  const dir = t.testdir({ logs: { '.lock': 'garbage'.repeat(1000) } })
  const take = claimIn(dir)
  await t.rejects(take('logs', 'looper.db'), { message: 'file is not a database' })
  await t.rejects(take('absent', 'looper.db'), { code: 'ENOENT' })
})

t.test('a file system without locks is named as one, and not taken for an owner', async (t) => {
  const dir = t.testdir({ logs: {} })
  const failing =
    (errcode: number, also?: number): Lock =>
    (file) => {
      const code = file.endsWith('.lock') ? errcode : also
      if (code !== undefined) throw Object.assign(new Error('as told'), { errcode: code })
      return () => undefined
    }
  const take = (lock: Lock) =>
    claim({ logDir: path.join(dir, 'logs'), dbPath: path.join(dir, 'logs/looper.db') }, lock)
  const none = {
    constructor: ConfigError,
    message: /CODEX_EXEC_LOG_DIR: .* lies on a file system without locks, .*name a path on another one/,
  }
  // ENOLCK, as network file systems say it, is "busy" to SQLite; other errors it tells as what they are.
  await t.rejects(take(failing(5, 5)), none)
  await t.rejects(take(failing(3850)), none)
  await t.rejects(take(failing(5)), { message: /another Looper owns/ })
  await t.rejects(take(failing(5, 14)), { message: /another Looper owns/ }, 'it is not known')
  await t.rejects(take(failing(14)), { message: 'as told' })
  const other = new Error('of something else')
  const lock: Lock = () => {
    throw other
  }
  await t.rejects(take(lock), other)
  t.strictSame(readdirSync(path.join(dir, 'logs')), [], 'nothing is left of finding out')
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

t.test(
  'where nobody can write who the owner is, the claim holds, and no earlier owner is told',
  async (t) => {
    const dir = t.testdir({ logs: { '.owner': 'pid 1, http://127.0.0.1:1\n', '.owner.new': {} } })
    const claimed = await claimIn(dir)('logs', 'logs/looper.db')
    t.teardown(() => claimed.release())
    t.notOk(readdirSync(path.join(dir, 'logs')).includes('.owner'))
    await t.rejects(claimIn(dir)('logs', 'logs/looper.db'), /another Looper owns/)
  },
)
