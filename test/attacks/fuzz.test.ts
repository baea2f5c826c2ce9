import { randomInt } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { ERRORS } from '../../src/base/error-kinds.ts'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { MARKER, type RawAnswer, type RawRequest, sendRaw, startTarget } from '../helpers/live-run.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

/** `FUZZ_SEED` repeats a failure. */
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31))

const TOKEN = 'the-token-that-nobody-guesses'
const HOOK_KINDS = ['github', 'gitlab', 'standard', 'bearer'] as const
const hooksOf = (secret: string, workspace: string) => ({
  hooks: Object.fromEntries(
    HOOK_KINDS.map((kind) => [
      kind,
      {
        kind,
        secret,
        message: 'hook {{a}}',
        prompt: `touch ${MARKER} {{a.b}}`,
        workspace,
      },
    ]),
  ),
})

/** Fails unless an answer is one that the contract knows. */
function checkContract({ status, text }: RawAnswer): void {
  if (status < 400) return
  const { ok, code, remedy, request_id } = JSON.parse(text)
  const known = Object.entries(ERRORS).find(([name]) => name === code)?.[1]
  if (ok !== false || code === 'LOOPER_INTERNAL' || known?.status !== status || known.remedy !== remedy)
    throw new Error(`not in the contract: ${status} ${text}`)
  if (!/^[0-9a-f]{8}$/.test(request_id)) throw new Error(`without an id: ${text}`)
}

const nasty = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    '..',
    '/',
    '~',
    '-',
    '$(touch x)',
    '"; touch x; "',
    '__proto__',
    '@**all**',
  ),
)
/** No wait that is good and long: a good one is short. */
const wait = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(0, '0', 0.01, '0.01', null) },
  fc.constantFrom(-1, 1e300, '1e300', 'NaN', 'Infinity', '99999999999', true, [], {}, ' ', '-0.1'),
  nasty.filter((text) => !/^\s*\d/.test(text)),
)
const WAITS = [
  'codex_exec_delay_seconds',
  'codex_exec_startup_check_seconds',
  'startup_delay_seconds',
  'sidebar_delay_seconds',
  'new_task_delay_seconds',
  'prompt_send_delay_seconds',
]

/** Bodies of `POST /run`: right in parts, so that they come far. */
function bodies(workspace: string) {
  const any = fc.jsonValue()
  const usually = <T>(good: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 20, arbitrary: good }, { weight: 1, arbitrary: nasty }, { weight: 1, arbitrary: any })
  const launch = {
    zulip_message: usually(fc.constant('fuzz')),
    codex_prompt: usually(fc.constantFrom(`touch ${MARKER}`, `touch ${MARKER}`, null)),
    workspace: usually(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(workspace) },
        { weight: 1, arbitrary: fc.constantFrom(`${workspace}/..`, '/', '/etc', `${workspace}/none`) },
      ),
    ),
  }
  const waits = fc.dictionary(fc.constantFrom(...WAITS), wait, { maxKeys: 2 })
  const others = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    {
      weight: 2,
      arbitrary: fc.record(
        {
          prompt: usually(fc.constant(`touch ${MARKER}`)),
          codex_exec_binary: usually(fc.constantFrom(null, '/bin/sh', 'sh', 'codex')),
          zulip_script_path: usually(fc.constantFrom(null, '/etc/passwd', 'scripts/demo.ts')),
          timeout_seconds: usually(fc.constantFrom(0, '5', null)),
          stall_seconds: usually(fc.constantFrom(0, '5', null)),
        },
        { requiredKeys: [] },
      ),
    },
  )
  // A byte of a wait may turn it into a long one, so those are not flipped.
  const brief = fc
    .tuple(fc.record(launch), others)
    .map((parts) => JSON.stringify(Object.assign({}, ...parts)))
  const fields = fc
    .tuple(fc.record(launch), others, waits)
    .map((parts) => JSON.stringify(Object.assign({}, ...parts)))
  const text = fc.oneof(
    { weight: 10, arbitrary: fields },
    { weight: 1, arbitrary: any.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.object().map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: nasty },
  )
  const flipped = fc.tuple(brief, fc.nat(), fc.nat(255)).map(([good, at, byte]) => {
    const bytes = Buffer.from(good)
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  })
  return fc.oneof(
    { weight: 8, arbitrary: text.map((value) => Buffer.from(value)) },
    { weight: 1, arbitrary: flipped },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) },
  )
}

const printable = fc.stringMatching(/^[!-~]([ -~]{0,60}[!-~])?$/)
const HEADER_NAMES = [
  'authorization',
  'x-looper-token',
  'idempotency-key',
  'origin',
  'sec-fetch-site',
  'host',
  'accept',
  'content-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-http-method-override',
  'x-hub-signature-256',
  'x-github-event',
  'x-github-delivery',
  'x-gitlab-token',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]
const headers = fc
  .tuple(
    fc.oneof({ weight: 15, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: printable }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...HEADER_NAMES), fc.stringMatching(/^x-[a-z]{1,20}$/)),
      printable,
      {
        maxKeys: 2,
      },
    ),
  )
  .map(([type, others]) => ({ 'content-type': type, ...others }))

const paths = fc.oneof(
  { weight: 4, arbitrary: fc.constant('/run') },
  { weight: 3, arbitrary: fc.constantFrom(...HOOK_KINDS).map((kind) => `/hooks/${kind}`) },
  { weight: 1, arbitrary: fc.stringMatching(/^[!-~]{0,40}$/).map((name) => `/hooks/${name}`) },
)

const requests = (workspace: string): fc.Arbitrary<RawRequest> =>
  fc.record({
    method: fc.constant('POST'),
    path: paths,
    headers,
    body: bodies(workspace),
    // Many addresses, so that none is told to wait.
    from: fc
      .tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 2, max: 254 }))
      .map((part) => `127.${part.join('.')}`),
  })

async function fuzz(test: Test, url: string, cases: fc.Arbitrary<RawRequest>, numRuns: number) {
  test.comment(`FUZZ_SEED=${seed}`)
  const seen = new Map<string, number>()
  const property = fc.asyncProperty(cases, async (request) => {
    const answer = await sendRaw(url, request)
    seen.set(`${answer.status}`, (seen.get(`${answer.status}`) ?? 0) + 1)
    checkContract(answer)
  })
  await test.resolves(
    fc.assert(property, { seed, numRuns, endOnFailure: true }),
    'every answer is in the contract',
  )
  test.comment(`answers: ${JSON.stringify(Object.fromEntries(seen))}`)
  test.equal((await sendRaw(url, { path: '/health' })).status, 200, 'and it still answers')
  return seen
}

t.test('whatever a stranger sends, nothing starts, stops or breaks', async (t) => {
  const workspace = path.join(t.testdirName, 'root/workspace')
  const target = await startTarget(
    t,
    { LOOPER_API_TOKEN: TOKEN, LOOPER_HOOKS_FILE: path.join(t.testdirName, 'hooks.json') },
    {
      headers: { authorization: `Bearer ${TOKEN}` },
      files: { 'hooks.json': JSON.stringify(hooksOf(TOKEN, workspace)) },
    },
  )
  const seen = await fuzz(t, target.service.url, requests(workspace), 300)
  t.strictSame(
    [...seen.keys()].filter((status) => Number(status) < 400),
    [],
    'nobody was let in',
  )
  await target.untouched(t, '300 requests')
  t.equal(target.service.child.exitCode, null)
})

t.test('whatever somebody with rights sends, only what is allowed starts, where it is allowed', async (t) => {
  const dir = t.testdir({ root: { workspace: {} }, logs: {} })
  const workspace = path.join(dir, 'root/workspace')
  // It does not obey its prompt: random text is no program to run.
  const agent = path.join(dir, 'agent')
  writeFileSync(agent, '#!/bin/sh\nprintf . >> ran\n', { mode: 0o755 })
  writeFileSync(path.join(dir, 'hooks.json'), JSON.stringify(hooksOf(TOKEN, workspace)))
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: agent,
    LOOPER_HOST: '127.0.0.1',
    LOOPER_WORKSPACE_ROOTS: workspace,
    LOOPER_HOOKS_FILE: path.join(dir, 'hooks.json'),
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  })
  t.teardown(() => service.stop())

  const authorized = requests(workspace).map((request) => ({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${TOKEN}` },
  }))
  const seen = await fuzz(t, service.url, authorized, 200)
  t.ok(seen.size > 1, 'some came far')
  // A hook is answered before its run begins, so the last may still be under way.
  const status = async () => JSON.parse((await sendRaw(service.url, { path: '/status' })).text)
  await until('the last run', async () => {
    const { slot, current } = await status()
    return !slot.taken && current === null
  })
  const { runs } = JSON.parse((await sendRaw(service.url, { path: '/runs?limit=500' })).text)
  t.ok(runs.length > 0, 'some were let in')
  let begun = 0
  for (const { run_id, pid } of runs) {
    const details = JSON.parse((await sendRaw(service.url, { path: `/runs/${run_id}` })).text)
    t.match(details, { workspace, binary: agent })
    if (pid !== null) begun++
  }
  t.equal(await service.stop(), 0, 'no crash')
  t.ok(textOf(path.join(workspace, 'ran')).length <= begun, 'no agent that is not on the record')
  t.strictSame(readdirSync(path.join(dir, 'root')), ['workspace'])
  t.strictSame(readdirSync(workspace), ['ran'])
  t.notOk(existsSync(path.join(dir, MARKER)))
  t.notMatch(textOf(path.join(dir, 'logs/looper-server.log')), 'LOOPER_INTERNAL')
})
