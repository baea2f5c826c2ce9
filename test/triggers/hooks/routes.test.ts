import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { openLedger } from '../../../src/record/ledger.ts'
import { buildTestApp, NOW, type TestAppOptions, tellingRuns } from '../../helpers/app.ts'

/** An app with these hooks, and a function that delivers. */
async function setUp(test: Test, hooks: object, env: NodeJS.ProcessEnv = {}, more: TestAppOptions = {}) {
  const file = path.join(test.testdir(), 'hooks.json')
  const write = (value: unknown) =>
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  write({ hooks })
  const built = await buildTestApp(test, { hooks: { file, env }, ...more })
  const deliver = (name: string, payload?: object, headers: Record<string, string> = {}) =>
    built.app.inject({
      method: 'POST',
      url: `/hooks/${name}`,
      headers: { authorization: 'Bearer right', ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
  return { ...built, deliver, write, file }
}

const bearer = (more: object = {}) => ({ kind: 'bearer', secret: 'right', message: 'ci', ...more })
const runs = bearer({ prompt: 'fix it', workspace: '/' })

t.test('a delivery is answered 202 with the run id before the run is done', async (t) => {
  const { deliver, asked, events, app } = await setUp(t, { ci: runs })
  const answer = await deliver('ci', { any: 'thing' })
  t.equal(answer.statusCode, 202)
  t.strictSame(answer.json(), { ok: true, run_id: 'run-1' })
  const requestId = answer.headers['x-request-id']
  t.match(asked, [
    {
      message: 'ci',
      caller: 'hook:ci',
      launch: { trigger: 'hook', caller: 'hook:ci', prompt: 'fix it', workspace: '/', requestId },
    },
  ])
  t.match(
    events.find((event) => event.msg === 'http.end'),
    { caller: 'hook:ci', status: 202 },
  )
  t.equal((await app.inject('/hooks/ci')).statusCode, 405, 'it is there for POST only')
})

t.test('what becomes of a run after the answer disturbs nobody', async (t) => {
  const { deliver } = await setUp(t, { ci: { ...runs, message: 'later' } })
  t.equal((await deliver('ci', {})).statusCode, 202)
  t.equal((await deliver('ci', {})).statusCode, 202)
})

t.test('a delivery whose agent is held is told until when', async (t) => {
  const { runs: heart } = tellingRuns()
  const hold = {
    agent: 'codex',
    since: NOW,
    until: null,
    tryAt: NOW,
    tries: 0,
    probe: null,
    runId: 'a',
    isTold: true,
  }
  const wait = { kind: 'waiting', runId: 'b', ahead: 0, done: new Promise<never>(() => undefined) } as const
  const start = async () => ({ ...wait, held: { ...hold, heldUntil: NOW } })
  const { deliver } = await setUp(t, { ci: runs }, {}, { runs: { ...heart, start } })
  const held_until = new Date(NOW).toISOString()
  t.strictSame((await deliver('ci', {})).json(), { ok: true, run_id: 'b', held_until })
})

t.test('a hook without a prompt stops only', async (t) => {
  const { deliver, asked } = await setUp(t, { stop: bearer({ prompt: '' }) })
  const answer = await deliver('stop')
  t.equal(answer.statusCode, 202, 'a body is not asked for')
  t.match(asked, [{ launch: null }])
})

t.test('a body is read only once it is known who wrote it; one that cannot be read says so', async (t) => {
  const { app, asked } = await setUp(t, { ci: runs })
  const post = (payload: string | Buffer, authorization: string) =>
    app.inject({
      method: 'POST',
      url: '/hooks/ci',
      headers: { authorization, 'content-type': 'application/json' },
      payload,
    })
  const bad = [
    '{broken',
    'Hello, World!',
    '{"__proto__": {}}',
    '['.repeat(100_000),
    Buffer.from([0x22, 0xff, 0x22]),
  ]
  for (const payload of bad) {
    t.equal((await post(payload, 'Bearer wrong')).statusCode, 401)
    const answer = await post(payload, 'Bearer right')
    t.match(
      [answer.statusCode, answer.json()],
      [400, { code: 'LOOPER_BODY_INVALID', error: 'the body is not valid JSON' }],
    )
  }
  t.same(asked, [])
  t.equal((await post('', 'Bearer right')).statusCode, 202, 'none is good')
})

t.test(
  'a delivery that a crash left without its answer is answered with the run that it began',
  async (t) => {
    const { deliver, dbPath, asked } = await setUp(t, { ci: runs })
    const before = openLedger(dbPath, t.fail)
    const requestHash = createHash('sha256').digest('hex')
    before.claimKey({ key: 'hook:ci one', requestHash, requestId: 'lost', now: NOW, since: 0 })
    before.begin({
      runId: 'run-of-before',
      requestId: 'lost',
      trigger: 'hook',
      caller: 'hook:ci',
      agent: 'codex',
      model: null,
      slot: 'default',
      sharesWorkspace: false,
      name: 'a run',
      workspace: '/',
      prompt: 'x',
      binary: '/bin/codex',
      timeoutMs: 0,
      stallMs: 0,
      requestedAt: NOW,
    })
    before.close()
    const answer = await deliver('ci', {}, { 'idempotency-key': 'one' })
    t.strictSame([answer.statusCode, answer.json()], [202, { ok: true, run_id: 'run-of-before' }])
    t.same(asked, [])
  },
)

t.test('a delivery that starts nothing leaves its id free', async (t) => {
  const { deliver, write } = await setUp(t, { ci: bearer({ ...runs, when: { branch: 'mian' } }) })
  const id = { 'idempotency-key': 'one' }
  const payload = { ref: 'refs/heads/main' }
  t.match((await deliver('ci', payload, id)).json(), { ignored: 'the branch is not "mian"' })
  write({ hooks: { ci: bearer({ ...runs, message: 'break' }) } })
  t.equal((await deliver('ci', payload, id)).statusCode, 500)
  write({ hooks: { ci: runs } })
  t.equal((await deliver('ci', payload, id)).statusCode, 202)
})

t.test('a repeated delivery gets the same answer, apart for each hook', async (t) => {
  const { deliver, asked } = await setUp(t, { a: runs, b: runs })
  const id = { 'idempotency-key': 'one' }
  const first = await deliver('a', { n: 1 }, id)
  const again = await deliver('a', { n: 2 }, id)
  t.strictSame([again.statusCode, again.json()], [202, first.json()])
  t.strictSame((await deliver('b', {}, id)).json(), { ok: true, run_id: 'run-2' })
  t.strictSame(
    (await deliver('a', {})).json(),
    { ok: true, run_id: 'run-3' },
    'without a name it is a new one',
  )
  t.equal(asked.length, 3)
})

t.test('what the hook is not for is answered 200 with the reason', async (t) => {
  const { deliver, asked } = await setUp(t, { ci: bearer({ ...runs, when: { branch: 'main' } }) })
  const answer = await deliver('ci', { ref: 'refs/heads/other' })
  t.strictSame([answer.statusCode, answer.json()], [200, { ok: true, ignored: 'the branch is not "main"' }])
  t.same(asked, [])
})

t.test('a payload that cannot fill the workspace is a 422', async (t) => {
  const { deliver, asked } = await setUp(t, { ci: bearer({ prompt: 'x', workspace: '/srv/{{repo}}' }) })
  const answer = await deliver('ci', { repo: '../etc' })
  t.match([answer.statusCode, answer.json()], [422, { code: 'LOOPER_HOOK_PAYLOAD' }])
  t.same(asked, [])
})

t.test('the wrong secret is a 401, then a 429; no hook of that name is a 404', async (t) => {
  const { deliver, asked } = await setUp(t, { ci: runs })
  const wrong = await deliver('ci', {}, { authorization: 'Bearer wrong' })
  t.match([wrong.statusCode, wrong.json()], [401, { code: 'LOOPER_UNAUTHORIZED' }])
  for (let i = 0; i < 19; i++) await deliver('ci', {}, { authorization: 'Bearer wrong' })
  const late = await deliver('ci', {}, { authorization: 'Bearer wrong' })
  t.match([late.statusCode, late.json()], [429, { code: 'LOOPER_RATE_LIMITED' }])
  t.equal(late.headers['retry-after'], '60')
  for (const name of ['none', 'constructor', '__proto__', 'CI', '%00']) {
    const answer = await deliver(name, {})
    t.match([answer.statusCode, answer.json()], [404, { code: 'LOOPER_NOT_FOUND' }], name)
  }
  t.same(asked, [])
})

t.test('a change of the hooks file counts at once; one that is wrong changes nothing', async (t) => {
  const { deliver, write, file, events } = await setUp(t, { ci: runs })
  write({ hooks: { ci: { ...runs, secret: 'new' } } })
  t.equal((await deliver('ci', {})).statusCode, 401, 'the old secret')
  const deliverNew = () => deliver('ci', {}, { authorization: 'Bearer new' })
  t.equal((await deliverNew()).statusCode, 202)
  write('{"hooks": sesame}')
  t.equal((await deliverNew()).statusCode, 202)
  t.match(
    events.findLast((event) => event.msg === 'hook.fail'),
    { error: /so the hooks from before stay valid: .* is not JSON/ },
  )
  rmSync(file)
  const gone = await deliverNew()
  t.match(
    [gone.statusCode, gone.json()],
    [500, { code: 'LOOPER_HOOKS_UNUSABLE', error: 'the hooks file cannot be used' }],
  )
  write({ hooks: { ci: runs } })
  t.equal((await deliver('ci', {})).statusCode, 202, 'it heals')
})

t.test('who is not served is told to come again', async (t) => {
  const { runs: told } = tellingRuns()
  const closed = async () => {
    throw new LooperError('LOOPER_SHUTTING_DOWN', 'the service is shutting down')
  }
  const { deliver } = await setUp(t, { ci: runs }, {}, { runs: { ...told, start: closed } })
  const answer = await deliver('ci', {}, { 'idempotency-key': 'one' })
  t.match([answer.statusCode, answer.json()], [503, { code: 'LOOPER_SHUTTING_DOWN' }])
  t.match(answer.headers, { 'retry-after': '10' })
})
