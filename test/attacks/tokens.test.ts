import path from 'node:path'
import t from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { failureOf, type RawRequest, startTarget } from '../helpers/live-run.ts'

const TOKEN = 'the-right-token-of-this-test'
const RIGHT = { authorization: `Bearer ${TOKEN}` }
const POST = { method: 'POST', path: '/run', body: { zulip_message: 'x', codex_prompt: '' } }

t.test('no, wrong, short and long tokens get one and the same answer, and are never logged', async (t) => {
  const target = await startTarget(t, { LOOPER_API_TOKEN: TOKEN }, { headers: RIGHT })
  const json = { 'content-type': 'application/json' }
  const attempts: [string, RawRequest][] = [
    ['none', {}],
    ['wrong', { headers: { authorization: 'Bearer wrong-wrong-wrong-wrong-wro' } }],
    ['short', { headers: { authorization: `Bearer ${TOKEN.slice(0, -1)}` } }],
    ['long', { headers: { authorization: `Bearer ${TOKEN}x` } }],
    ['very long', { headers: { authorization: `Bearer ${'a-bad-one'.repeat(1000)}` } }],
    ['other scheme', { headers: { authorization: `Basic ${TOKEN}` } }],
    ['older header', { headers: { 'x-looper-token': 'wrong-older' } }],
    ['in the query', { path: `/run?token=${TOKEN}` }],
    ['as access_token', { path: `/run?access_token=${TOKEN}` }],
  ]
  const seen = new Set<string>()
  for (const [what, attempt] of attempts) {
    const answer = await target.send({ ...POST, ...attempt, headers: { ...json, ...attempt.headers } })
    t.equal(answer.status, 401, what)
    t.equal(answer.headers['www-authenticate'], 'Bearer', what)
    const { request_id, ...rest } = JSON.parse(answer.text)
    t.match(request_id, /^[0-9a-f]{8}$/)
    seen.add(JSON.stringify(rest))
  }
  t.equal(seen.size, 1, 'the same body for all')
  const log = target.serverLog()
  for (const secret of [TOKEN, TOKEN.slice(0, -1), 'wrong-wrong', 'wrong-older', 'a-bad-one'])
    t.notOk(log.includes(secret), `${secret} is not in the log`)
  await target.untouched(t, 'wrong tokens')
})

t.test('whoever guesses is told to wait; the right token still works from there', async (t) => {
  const target = await startTarget(t, { LOOPER_API_TOKEN: TOKEN }, { headers: RIGHT })
  const from = '127.0.0.9'
  const answers = []
  for (let i = 0; i < 100; i++) {
    answers.push(await target.send({ path: '/runs', from, headers: { authorization: `Bearer guess-${i}` } }))
  }
  const statuses = answers.map(({ status }) => status)
  t.strictSame(statuses.slice(0, 20), Array(20).fill(401))
  t.strictSame(statuses.slice(20), Array(80).fill(429))
  const last = answers.at(-1)
  t.match(last?.headers['retry-after'], /^\d+$/)
  const waitSeconds = Number(last?.headers['retry-after'])
  t.ok(waitSeconds >= 1 && waitSeconds <= 60, `${waitSeconds} s`)
  t.match(last && failureOf(last), { status: 429, code: 'LOOPER_RATE_LIMITED' })
  t.equal((await target.send({ path: '/runs', from, headers: RIGHT })).status, 200, 'the right one')
  const other = await target.send({ path: '/runs', from: '127.0.0.10' })
  t.equal(other.status, 401, 'another address is not told to wait')
  await target.untouched(t, '100 guesses')
})

t.test('a token that may only read starts and stops nothing', async (t) => {
  const tokens = (['read', 'run'] as const).map((scope) => ({
    name: scope,
    scope,
    sha256: hashToken(`${scope}-token`),
  }))
  const old = { name: 'old', scope: 'admin', sha256: hashToken('old-token'), expires: '2020-01-01' }
  const target = await startTarget(
    t,
    { LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json') },
    {
      headers: { authorization: 'Bearer run-token' },
      files: { 'tokens.json': JSON.stringify({ tokens: [...tokens, old] }) },
    },
  )
  const reader = { authorization: 'Bearer read-token' }
  t.match(failureOf(await target.run({}, reader)), { status: 403, code: 'LOOPER_FORBIDDEN' })
  t.match(failureOf(await target.run({ codex_prompt: '' }, reader)), {
    status: 403,
    code: 'LOOPER_FORBIDDEN',
  })
  t.equal((await target.send({ path: '/runs', headers: reader })).status, 200)
  const expired = await target.run({}, { authorization: 'Bearer old-token' })
  t.match(failureOf(expired), { status: 401, code: 'LOOPER_TOKEN_EXPIRED' }, 'an expired one')
  t.equal(expired.headers['www-authenticate'], 'Bearer')
  for (let i = 0; i < 30; i++) {
    const again = await target.send({ path: '/runs', headers: { 'x-looper-token': 'old-token' } })
    t.match(failureOf(again), { status: 401, code: 'LOOPER_TOKEN_EXPIRED' }, 'it is no guess')
  }
  t.match(failureOf(await target.send({ path: '/runs' })), { status: 401, code: 'LOOPER_UNAUTHORIZED' })
  await target.untouched(t, 'a reader')
})

t.test("the token's name is on its run and on every line of the log about it", async (t) => {
  const tokens = [{ name: 'ci', scope: 'run', sha256: hashToken('ci-token') }]
  const { live, send, run, serverLog } = await startTarget(
    t,
    { LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json') },
    {
      headers: { authorization: 'Bearer ci-token' },
      files: { 'tokens.json': JSON.stringify({ tokens }) },
    },
  )
  const headers = { authorization: 'Bearer ci-token' }
  t.match(JSON.parse((await send({ path: `/runs/${live.runId}`, headers })).text), { caller: 'ci' })
  t.equal((await run({ codex_prompt: 'exit 3', codex_exec_startup_check_seconds: 5 })).status, 500)
  const events = serverLog()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const named = ['run.step', 'run.success', 'run.fail', 'cmd.start', 'cmd.fail', 'http.end']
  for (const name of named) {
    const lines = events.filter(({ msg }) => msg === name)
    t.ok(lines.length > 0, name)
    for (const { caller } of lines) t.equal(caller, 'ci', name)
  }
})
