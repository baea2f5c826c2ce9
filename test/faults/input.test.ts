import { chmodSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import t from 'tap'
import { MAX_PROMPT_BYTES } from '../../src/runs/prompt.ts'
import { assertSettled, endOf, runsOf, setUpFault } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Writes down its arguments and the prompt as it got it, and runs nothing. */
const SCRIBE = `#!/bin/sh
for last; do :; done
printf '%s\\n' "$@" | head -c 1000 >arguments
if [ "$last" = - ]; then cat >prompt; else printf %s "$last" >prompt; fi
`

const scribe = path.join(t.testdirName, 'scribe')
const { service, run, watch, workspace, zulip } = await setUpFault(t, { LOOPER_ALLOWED_EXECUTABLES: scribe })
writeFileSync(scribe, SCRIBE)
chmodSync(scribe, 0o755)

const PROMPTS: Readonly<Record<string, string>> = {
  'of 1 MiB': 'ü'.repeat(MAX_PROMPT_BYTES / 2),
  'of 131,073 bytes': `${'x'.repeat(131_072)}\n`,
  'of 131,071 bytes': 'y'.repeat(131_071),
  'that begins with -': '--help me with "this"; $HOME `date` \\n',
  'that is - alone': '-',
  'that is a subcommand': 'review',
  'with newlines, quotes and ANSI': '\n\'a\' "b"\r\n\u001b[31mred\u001b[0m\u0007 \t 🦊 \n\n',
}

for (const [name, prompt] of Object.entries(PROMPTS)) {
  t.test(`23: a prompt ${name} reaches the agent byte for byte`, async (t) => {
    const { runId } = await run(prompt, { codex_exec_binary: scribe })
    t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0 })
    t.ok(textOf(path.join(workspace, 'prompt')) === prompt)
    t.match(textOf(path.join(workspace, 'arguments')), /\n--\n/, 'it stands behind the options')
    await assertSettled(t, service, watch)
  })
}

t.test('23: a prompt that no agent could be handed is refused before anything happens', async (t) => {
  const live = await run('exec sleep 300')
  const requests = zulip.requests
  const refused: [string, number, string][] = [
    ['a\0b', 400, 'LOOPER_FIELD_INVALID'],
    ['lone \ud800 surrogate', 400, 'LOOPER_FIELD_INVALID'],
    ['x'.repeat(MAX_PROMPT_BYTES + 1), 413, 'LOOPER_PROMPT_TOO_LARGE'],
    ['x'.repeat(2 * MAX_PROMPT_BYTES), 413, 'LOOPER_BODY_TOO_LARGE'],
  ]
  for (const [prompt, status, code] of refused) t.match(await run(prompt), { status, body: { code } })
  t.equal(zulip.requests, requests)
  await assertSettled(t, service, watch, [live.runId])
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const json = (status: number, body: unknown, headers = {}): Answer => {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}

const FAILURES: Readonly<Record<string, readonly [answer: Answer, error: RegExp]>> = {
  'refuses the connection': [(request) => request.socket.destroy(), /cannot reach http:/],
  'answers 500 with HTML': [
    (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/html' })
      response.end('<h1>oops</h1>')
    },
    /HTTP 500 without JSON: <h1>oops<\/h1>$/,
  ],
  redirects: [
    json(302, {}, { location: 'https://elsewhere.example/' }),
    /redirects to https:\/\/elsewhere\.example\//,
  ],
  'answers null': [json(200, null), /the Zulip server answered HTTP 200/],
  'says that the key is wrong': [
    json(401, { result: 'error', msg: 'Invalid API key', code: 'INVALID_API_KEY' }),
    /Invalid API key$/,
  ],
  'limits the rate for a day': [
    json(429, { result: 'error', msg: 'API usage exceeded rate limit', 'retry-after': 86_400 }),
    /API usage exceeded rate limit$/,
  ],
}

for (const [name, [answer, error]] of Object.entries(FAILURES)) {
  t.test(`24: a Zulip that ${name} is a clear error, and nothing is stopped`, async (t) => {
    const live = await run('exec sleep 300')
    zulip.interrupt(answer)
    const begin = performance.now()
    const failed = await run('true')
    t.ok(performance.now() - begin < 10_000, 'at once')
    t.match(failed, { status: 500, body: { code: 'LOOPER_NOTICE_FAILED', error } })
    t.match(failed.body.error, /^failed to send Zulip message: /)
    const [refused] = await runsOf(service)
    t.match(refused, { outcome: 'failed_to_start', cause: failed.body.error, pid: null, stopped_pids: [] })
    await assertSettled(t, service, watch, [live.runId])
  })
}

t.test('24: a Zulip that says 429 with 0.3 s is waited for once', async (t) => {
  const live = await run('exec sleep 300')
  const limited = json(429, { result: 'error', msg: 'API usage exceeded rate limit', 'retry-after': 0.3 })
  const before = zulip.requests
  zulip.interrupt(limited)
  const begin = performance.now()
  const next = await run('exec sleep 300')
  t.ok(performance.now() - begin >= 300, 'as long as it said')
  t.equal(next.status, 200)
  t.equal(zulip.requests - before, 2)
  t.same(next.body.killed_codex_exec_pids, [live.pid])

  zulip.interrupt(limited)
  zulip.interrupt(limited)
  t.match(await run('true'), { status: 500, body: { error: /API usage exceeded rate limit$/ } })
  t.equal(zulip.requests - before, 4, 'a second time is an error')
  await assertSettled(t, service, watch, [next.runId])
})

t.test('24: a Zulip that hangs is given ten seconds, and nothing is stopped', async (t) => {
  const live = await run('exec sleep 300')
  zulip.interrupt(() => undefined)
  const begin = performance.now()
  t.match(await run('true'), {
    status: 500,
    body: {
      code: 'LOOPER_NOTICE_FAILED',
      error: `failed to send Zulip message: no answer from ${zulip.url} within 10 s`,
    },
  })
  t.ok(performance.now() - begin < 15_000)
  t.ok(carriers(live.runId).length > 0)
  await assertSettled(t, service, watch, [live.runId])
})

t.test('24: a Zulip that is not there is a clear error, and nothing is stopped', async (t) => {
  const live = await run('exec sleep 300')
  await zulip.close()
  t.match(await run('true'), {
    status: 500,
    body: {
      code: 'LOOPER_NOTICE_FAILED',
      error: /^failed to send Zulip message: cannot reach .*ECONNREFUSED/,
    },
  })
  await assertSettled(t, service, watch, [live.runId])
})
