import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { LooperError } from '../../src/base/errors.ts'
import { keyOf, once, type Worked } from '../../src/http/idempotency.ts'
import { type Ledger, openLedger } from '../../src/record/ledger.ts'

const DAY_MS = 86_400_000
const INTENT = {
  trigger: 'http',
  caller: null,
  name: 'a run',
  agent: 'codex',
  model: null,
  slot: 'default',
  sharesWorkspace: false,
  workspace: '/w',
  prompt: 'p',
  binary: '/bin/codex',
  timeoutMs: 0,
  stallMs: 0,
  requestedAt: 0,
} as const
const FAILED = { outcome: 'failed_to_start', returnCode: null, cause: 'x' } as const
const ENDED = { outcome: 'exited', returnCode: 3, cause: null } as const
const FACTS = { endedAt: 1, outputBytes: null, tokensUsed: null }

interface Asked {
  readonly key?: string | null
  readonly body?: string
  readonly now?: number
  readonly work?: () => Promise<Worked<unknown>>
  readonly keys?: Ledger
}

/** Work that counts how often it was done, on a ledger that can be opened anew, as after a crash. */
function setUp(test: Test) {
  const file = path.join(test.testdir(), 'looper.db')
  let ledger = openLedger(file, test.fail)
  test.teardown(() => ledger.close())
  let done = 0
  let requests = 0
  const work = async (): Promise<Worked<unknown>> => ({
    status: 200,
    body: { done: ++done },
    effect: 'done',
  })
  return {
    ledger: () => ledger,
    first: { status: 200, body: { done: 1 } },
    count: () => done,
    /** The id of the latest request. */
    requestId: () => `request-${requests}`,
    ask({ key = 'k', body = '{}', now = 0, work: other = work, keys = ledger }: Asked = {}) {
      const interrupted = (runId: string) => ({ status: 202, body: { interrupted: runId } })
      const keyed = { key, body: Buffer.from(body), requestId: `request-${++requests}`, now, interrupted }
      return once<unknown>(keys, keyed, other)
    },
    /** Puts the run of the latest request on the record. */
    begin: (runId: string) => ledger.begin({ ...INTENT, runId, requestId: `request-${requests}` }),
    restart() {
      ledger.close()
      ledger = openLedger(file, test.fail)
    },
  }
}

t.test('without a key the work is done each time', async (t) => {
  const { ask, count } = setUp(t)
  await ask({ key: null })
  await ask({ key: null })
  t.equal(count(), 2)
})

t.test('the same key and body get the first answer for a day, also across restarts', async (t) => {
  const { ask, first, count, restart } = setUp(t)
  t.strictSame(await ask(), first)
  restart()
  t.strictSame(await ask({ now: DAY_MS - 1 }), first)
  t.equal(count(), 1)
  t.strictSame(await ask({ key: 'other' }), { status: 200, body: { done: 2 } })
  t.strictSame(await ask({ now: DAY_MS + 1 }), { status: 200, body: { done: 3 } })
})

t.test('another body is refused, and so is the same one while the first is at work', async (t) => {
  const { ask, count } = setUp(t)
  const gate = Promise.withResolvers<void>()
  const first = ask({
    work: () => gate.promise.then(() => ({ status: 200, body: {}, effect: 'done' as const })),
  })
  await t.rejects(ask(), { code: 'LOOPER_KEY_IN_USE' })
  await t.rejects(ask({ body: '{ }' }), { code: 'LOOPER_KEY_REUSED' })
  gate.resolve()
  await first
  await t.rejects(ask({ body: '{ }' }), { code: 'LOOPER_KEY_REUSED' })
  t.equal(count(), 0)
})

t.test(
  'work that fails before a launch frees its key, and its failure is what the caller sees',
  async (t) => {
    const { ask, first, begin, ledger } = setUp(t)
    const failing = (launch: () => void) =>
      ask({
        work: async () => {
          launch()
          throw new Error('not now')
        },
      })
    await t.rejects(
      failing(() => undefined),
      { message: 'not now' },
    )
    const announced = failing(() => {
      begin('run-1')
      ledger().finish('run-1', { ...FAILED, ...FACTS })
    })
    await t.rejects(announced, { message: 'not now' })
    t.strictSame(await ask(), first)
  },
)

t.test(
  'work that fails after a launch, or was called off, is not done again: its failure is its answer',
  async (t) => {
    const { ask, begin, ledger, requestId, count, restart } = setUp(t)
    const failing = (key: string, error: Error) =>
      ask({
        key,
        work: async () => {
          begin(`run of ${key}`)
          ledger().finish(`run of ${key}`, { ...ENDED, ...FACTS })
          throw error
        },
      })
    const early = new LooperError('LOOPER_AGENT_EXITED_EARLY', 'codex exec exited early')
    await t.rejects(failing('a', early), { message: 'codex exec exited early', requestId: undefined })
    const first = requestId()
    await t.rejects(failing('b', new Error('a detail')), { message: 'a detail' })
    restart()
    await t.rejects(ask({ key: 'a' }), {
      code: 'LOOPER_AGENT_EXITED_EARLY',
      message: 'codex exec exited early',
      requestId: first,
    })
    await t.rejects(ask({ key: 'b' }), { code: 'LOOPER_INTERNAL', message: 'internal error' })
    const calledOff = ask({
      key: 'c',
      work: async () => {
        begin('run of c')
        ledger().finish('run of c', { ...ENDED, ...FACTS, outcome: 'stopped', returnCode: null })
        throw new LooperError('LOOPER_RUN_CANCELLED', 'the run was called off')
      },
    })
    await t.rejects(calledOff, { code: 'LOOPER_RUN_CANCELLED' })
    await t.rejects(ask({ key: 'c' }), { code: 'LOOPER_RUN_CANCELLED' }, 'who called it off is heard')
    t.equal(count(), 0)
  },
)

t.test(
  'what the service died with is done if nothing was begun, and else told, never begun twice',
  async (t) => {
    const { ask, begin, ledger, first, restart, count } = setUp(t)
    /** A request that is at work when the service dies. */
    const dying = (key: string, runId?: string) => {
      const at = Promise.withResolvers<void>()
      void ask({
        key,
        work: () => {
          if (runId !== undefined) begin(runId)
          at.resolve()
          return new Promise(() => undefined)
        },
      })
      return at.promise
    }
    await dying('k')
    await dying('launched', 'run-1')
    await dying('failed', 'run-2')
    await dying('removed', 'run-3')
    restart()
    t.strictSame(await ask(), first, 'nothing had begun')
    const told = (runId: string) => ({ status: 202, body: { interrupted: runId } })
    t.strictSame(await ask({ key: 'launched' }), told('run-1'), 'while nobody knows how far it came')
    ledger().finish('run-1', { ...ENDED, ...FACTS })
    t.strictSame(await ask({ key: 'launched' }), told('run-1'), 'and when it has ended')
    await t.rejects(ask({ key: 'launched', body: '[]' }), { code: 'LOOPER_KEY_REUSED' })
    ledger().remove('run-3')
    t.strictSame(await ask({ key: 'removed' }), told('run-3'), 'also when its record was removed')
    ledger().finish('run-2', { ...FAILED, ...FACTS })
    t.strictSame(await ask({ key: 'failed' }), { status: 200, body: { done: 2 } }, 'it was never launched')
    t.equal(count(), 2)
  },
)

t.test('what did nothing leaves its key free, with another body, too', async (t) => {
  const { ask, first } = setUp(t)
  const ignored = { status: 200, body: 'ignored' }
  const ignoring = async () => ({ ...ignored, effect: 'none' as const })
  t.strictSame(await ask({ work: ignoring }), ignored)
  t.strictSame(await ask({ work: ignoring, body: '[]' }), ignored)
  t.strictSame(await ask(), first)
})

/** Work that is answered before it is done; what becomes of it is told later. */
function aside() {
  const { promise: effect, resolve, reject } = Promise.withResolvers<void>()
  const started = { status: 202, body: { started: true } }
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return {
    started,
    work: async () => ({ ...started, effect }),
    async succeed() {
      resolve()
      await settled()
    },
    async fail() {
      reject(new Error('not now'))
      await settled()
    },
  }
}

t.test(
  'what goes on behind its answer is answered so again, and keeps its key when it is done',
  async (t) => {
    const { ask, count, restart } = setUp(t)
    const { started, work, succeed } = aside()
    t.strictSame(await ask({ work }), started)
    t.strictSame(await ask(), started, 'meanwhile')
    await t.rejects(ask({ body: '[]' }), { code: 'LOOPER_KEY_REUSED' })
    await succeed()
    t.strictSame(await ask(), started, 'then')
    restart()
    t.strictSame(await ask(), started, 'in the next life')
    t.equal(count(), 0)
  },
)

t.test('what fails behind its answer, before a launch, frees its key', async (t) => {
  const { ask, begin, ledger, first } = setUp(t)
  const stopOnly = aside()
  await ask({ key: 'stop', work: stopOnly.work })
  await stopOnly.fail()
  t.strictSame(await ask({ key: 'stop' }), first, 'where there is no run')

  const run = aside()
  await ask({
    work: () => {
      begin('run-1')
      return run.work()
    },
  })
  ledger().finish('run-1', { ...FAILED, ...FACTS })
  t.strictSame(await ask(), run.started, 'not before it is over')
  await run.fail()
  t.strictSame(await ask(), { status: 200, body: { done: 2 } })
})

t.test('what fails behind its answer after a launch, or was called off, keeps its answer', async (t) => {
  const { ask, begin, ledger, restart } = setUp(t)
  for (const [runId, outcome] of [
    ['launched', 'exited'],
    ['called off', 'stopped'],
  ] as const) {
    const { started, work, fail } = aside()
    await ask({
      key: runId,
      work: () => {
        begin(runId)
        return work()
      },
    })
    ledger().finish(runId, { ...ENDED, ...FACTS, outcome })
    await fail()
    t.strictSame(await ask({ key: runId }), started)
    restart()
    t.strictSame(await ask({ key: runId }), started)
  }
})

t.test('what goes on behind its answer when the service dies is free if nothing was launched', async (t) => {
  const { ask, begin, ledger, first, restart } = setUp(t)
  await ask({ key: 'stop', work: aside().work })
  const beginning = (key: string) =>
    ask({
      key,
      work: () => {
        begin(`run of ${key}`)
        return aside().work()
      },
    })
  await beginning('launched')
  await beginning('announcing')
  restart()
  ledger().finish('run of announcing', { ...FAILED, ...FACTS })
  t.strictSame(await ask({ key: 'stop' }), first)
  t.strictSame(await ask({ key: 'announcing' }), { status: 200, body: { done: 2 } })
  const told = { status: 202, body: { interrupted: 'run of launched' } }
  t.strictSame(await ask({ key: 'launched' }), told)
})

t.test('an answer of a shutdown is not kept: it would be wrong in the next life', async (t) => {
  const { ask, begin, ledger, restart } = setUp(t)
  const stopped = ask({
    work: async () => {
      begin('run-1')
      ledger().finish('run-1', { ...ENDED, ...FACTS, outcome: 'stopped' })
      throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is shutting down')
    },
  })
  await t.rejects(stopped, { code: 'LOOPER_SHUTTING_DOWN' })
  await t.rejects(ask(), { code: 'LOOPER_KEY_IN_USE' })
  restart()
  t.strictSame(await ask(), { status: 202, body: { interrupted: 'run-1' } })
})

/** Somebody else's right to write. */
function lockOf(test: Test, file: string) {
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  test.teardown(() => other.close())
  return { release: () => other.exec('ROLLBACK') }
}

t.test('an end that is written late frees its key when it is', async (t) => {
  const file = path.join(t.testdir(), 'looper.db')
  const ledger = openLedger(file, () => undefined)
  t.teardown(() => ledger.close())
  const keyed = (requestId: string) => ({
    key: 'k',
    body: null,
    requestId,
    now: 0,
    interrupted: () => ({ status: 409, body: 'interrupted' }),
  })
  const locks: ReturnType<typeof lockOf>[] = []
  const failing = once<unknown>(ledger, keyed('one'), async () => {
    ledger.begin({ ...INTENT, runId: 'run-1', requestId: 'one' })
    locks.push(lockOf(t, file))
    ledger.finish('run-1', { ...FAILED, ...FACTS })
    throw new Error('not now')
  })
  await t.rejects(failing, { message: 'not now' })
  for (const lock of locks) lock.release()
  // The next step writes what waits.
  ledger.remove('nothing')
  const work = async () => ({ status: 200, body: 'done', effect: 'done' as const })
  t.strictSame(await once<unknown>(ledger, keyed('two'), work), { status: 200, body: 'done' })
})

t.test('where the record cannot be read when the work is over, the answer stands', async (t) => {
  const { ask, ledger } = setUp(t)
  const { started, work, fail } = aside()
  const keys = {
    ...ledger(),
    freeKey() {
      throw new Error('unreadable')
    },
  }
  await ask({ work, keys })
  await fail()
  t.strictSame(await ask(), started)
})

t.test('a key belongs to its owner, and is printable ASCII', async (t) => {
  t.equal(keyOf(undefined, 'ada'), null)
  t.equal(keyOf('k 1', 'ada'), 'ada k 1')
  t.not(keyOf('k', 'ada'), keyOf('k', 'eve'))
  t.equal(keyOf('x'.repeat(255), '')?.length, 256)
  for (const bad of ['', 'x'.repeat(256), 'ä', 'a\nb', ['a', 'b']])
    t.throws(() => keyOf(bad, 'ada'), { code: 'LOOPER_FIELD_INVALID' }, String(bad))
})
