import { rmSync } from 'node:fs'
import path from 'node:path'
import fastify from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { healthRoutes } from '../../src/http/health.ts'
import { createReadiness, phaseOf, type ReadinessDeps } from '../../src/http/readiness.ts'
import { mountSmallDisk } from '../helpers/fault-disk.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { until } from '../helpers/service.ts'

const events: Record<string, unknown>[] = []
const logger = pino({ level: 'trace' }, { write: (line: string) => events.push(JSON.parse(line)) })

/** Looks at a directory that is well, but for what a test changes. */
const depsOf = (logDir: string, more: Partial<ReadinessDeps> = {}): ReadinessDeps => ({
  ledger: { assertWritable: () => undefined },
  table: { check: async () => undefined },
  logDir,
  minFreeMb: 0,
  phase: () => 'open',
  clock: { monotonic: () => 0 },
  logger,
  ...more,
})

const fail = () => {
  throw new Error('the cause')
}

t.test('where nothing is wrong there is no problem', async (t) => {
  t.same(await createReadiness(depsOf(t.testdir()))(), [])
})

t.test('each problem is a sentence without a path; the log tells the cause', async (t) => {
  const dir = t.testdir()
  const cases: [Partial<ReadinessDeps>, string][] = [
    [{ phase: () => 'adopting' }, 'runs from before the restart are still being picked up'],
    [{ phase: () => 'closing' }, 'the service is shutting down'],
    [{ ledger: { assertWritable: fail } }, 'the ledger cannot be written'],
    [{ logDir: path.join(dir, 'gone') }, 'the log directory cannot be written'],
    [{ minFreeMb: 1e12 }, 'the disk has less free space than LOOPER_MIN_FREE_MB'],
    [{ table: { check: async () => fail() } }, 'the process table cannot be read'],
  ]
  for (const [more, problem] of cases) {
    const [first] = await createReadiness(depsOf(dir, more))()
    t.equal(first, problem)
    t.notMatch(problem, dir)
  }
  t.match(
    events.find(({ problem }) => problem === 'the ledger cannot be written'),
    { msg: 'ready.fail', error: 'the cause' },
  )
})

t.test('it looks once a second at most, whoever asks', async (t) => {
  let now = 0
  let looks = 0
  const check = () => {
    looks++
  }
  const ready = createReadiness(
    depsOf(t.testdir(), { ledger: { assertWritable: check }, clock: { monotonic: () => now } }),
  )
  await Promise.all([ready(), ready(), ready()])
  now = 999
  await ready()
  t.equal(looks, 1)
  now = 1000
  await ready()
  t.equal(looks, 2)
})

/** The service's answer. */
async function readyOf(url: string) {
  const response = await fetch(`${url}/ready`)
  return { status: response.status, body: await response.json() }
}

t.test('a service is ready without a token, and says so when its ledger was removed', async (t) => {
  const { service, logDir } = await setUpFault(t, { LOOPER_API_TOKEN: 'secret', LOOPER_HOST: '127.0.0.1' })
  await until('ready', async () => (await readyOf(service.url)).status === 200)
  const outbox = { pending: 0, given_up: 0, oldest_pending_at: null }
  t.strictSame(await readyOf(service.url), { status: 200, body: { ok: true, outbox } })
  rmSync(path.join(logDir, 'looper.db'))
  await until('not ready', async () => (await readyOf(service.url)).status === 503)
  t.strictSame(await readyOf(service.url), {
    status: 503,
    body: { ok: false, problems: ['the ledger cannot be written'], outbox },
  })
})

t.test('it tells what waits to be told to people, or that nobody knows', async (t) => {
  const counts = { pending: 3, givenUp: 1, oldestAt: 0 }
  const cases = [
    [() => counts, { pending: 3, given_up: 1, oldest_pending_at: '1970-01-01T00:00:00.000Z' }],
    [fail, null],
  ] as const
  for (const [outboxCounts, outbox] of cases) {
    const app = fastify()
    await app.register(healthRoutes, { problems: async () => [], ledger: { outboxCounts } })
    t.strictSame((await app.inject('/ready')).json(), { ok: true, outbox })
    await app.close()
  }
})

t.test('a full disk is told, of the ledger too; when there is room again, all is well', async (t) => {
  const disk = mountSmallDisk(t, 16)
  if (disk.kind === 'none') return t.comment(disk.why)
  const { service } = await setUpFault(t, { CODEX_EXEC_LOG_DIR: disk.dir, LOOPER_MIN_FREE_MB: '4' })
  const problems = async () => Reflect.get(Object((await readyOf(service.url)).body), 'problems')
  await until('ready', async () => (await problems()) === undefined)
  disk.fill()
  await until('both are told', async () => (await problems())?.length === 2)
  t.same(await problems(), [
    'the ledger cannot be written',
    'the disk has less free space than LOOPER_MIN_FREE_MB',
  ])
  disk.free()
  await until('ready again', async () => (await problems()) === undefined)
})

t.test('a log directory that can only be read is told, to root as well', async (t) => {
  const disk = mountSmallDisk(t, 1)
  if (disk.kind === 'none') return t.comment(disk.why)
  t.same(await createReadiness(depsOf(disk.dir))(), [])
  disk.readOnly()
  t.same(await createReadiness(depsOf(disk.dir))(), ['the log directory cannot be written'])
})

t.test('a service adopts, is open, and closes', async (t) => {
  t.equal(phaseOf(false, false), 'adopting')
  t.equal(phaseOf(true, false), 'open')
  t.equal(phaseOf(true, true), 'closing')
})
