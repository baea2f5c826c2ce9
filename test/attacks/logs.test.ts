import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { failureOf, startTarget } from '../helpers/live-run.ts'
import { textOf, until } from '../helpers/service.ts'

/** What a terminal would obey: colours, a moved cursor, the clipboard, the title, a forged line. */
const NASTY = [
  '\u001b[31mred\u001b[2J\u001b[1A',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b]0;title\u001b\\',
  '\u009b31m\u0085',
  '\r\n{"level":30,"msg":"forged"}\n',
  '\u2028\u2029\u0008\u007f',
].join('')

const QUIET = { codex_prompt: ': nothing', codex_exec_delay_seconds: 0 }

t.test('prompts and messages with escapes and newlines stay one line an event, and escaped', async (t) => {
  // What an agent prints is mirrored as it is; this is about Looper's own lines.
  const { run, untouched, serverLog, send } = await startTarget(t, { LOOPER_MIRROR_OUTPUT: '0' })
  const before = serverLog().split('\n').length
  // Refused, so that the live run stays: each of these reaches the log or the answer in some way.
  const refusals: [object, string][] = [
    [{ workspace: `/no/${NASTY}` }, 'LOOPER_WORKSPACE_INVALID'],
    [{ codex_exec_binary: `no-${NASTY}` }, 'LOOPER_BINARY_MISSING'],
    [{ zulip_script_path: `/no/${NASTY}` }, 'LOOPER_NOTICE_FAILED'],
  ]
  for (const [fields, code] of refusals) {
    t.equal(failureOf(await run(fields)).code, code)
    await untouched(t, code)
  }
  const paths = ['/%1b%5b31m', '/runs/%0a%7b%22level%22%3a30%7d', `/${encodeURIComponent(NASTY)}`]
  for (const path of paths) t.ok((await send({ path })).status >= 400)
  await untouched(t, 'strange paths')
  t.ok(serverLog().split('\n').length > before)
  assertOneLineAnEvent(t, serverLog())

  const answer = await run({ ...QUIET, zulip_message: `note ${NASTY}`, codex_prompt: `exit 0\n${NASTY}` })
  t.equal(answer.status, 200)
  const log: string = JSON.parse(answer.text).codex_exec_result.log_path
  await until('the run is over', () => /_return_code=/.test(textOf(log)))
  await until('its end is in the server log', () =>
    /"msg":"cmd\.(done|fail)"/.test(serverLog().split('note').at(-1) ?? ''),
  )
  assertOneLineAnEvent(t, serverLog())
  const [, , command = '', empty] = textOf(log).split('\n')
  t.match(command, /^# command=/)
  t.equal(empty, '', 'the header of the run log is one line a fact')
  t.notMatch(command, CONTROL, 'and no escape reaches a terminal from there')
})

t.test('no name of a run leads to a file that is no run log', async (t) => {
  const { send, untouched, live, service } = await startTarget(t)
  const outside = relative(service.logDir, '/etc/passwd')
  const names = [
    '..',
    '%2e%2e',
    '.%2e',
    '%2e',
    '%00',
    `${live.runId}%00`,
    `${live.runId}%2f..`,
    encodeURIComponent('/etc/passwd'),
    encodeURIComponent(outside),
    encodeURIComponent(`${live.runId}/../${outside}`),
    encodeURIComponent('..\\..\\secret'),
    encodeURIComponent(basename(live.log)),
    encodeURIComponent(live.log),
    'looper.db',
    'looper-server.log',
    '.runs',
    '%ff',
    '%c0%ae%c0%ae',
    "' OR 1=1 --".replaceAll(' ', '%20'),
    'current%2f..%2fcurrent',
  ]
  for (const name of names) {
    for (const query of ['', '?follow=1', '?tail=1']) {
      const { status, text } = await send({ path: `/runs/${name}/log${query}` })
      t.ok(status === 400 || status === 404, `${name}${query}: ${status}`)
      t.notMatch(text, /root:|alive/)
    }
  }
  for (const path of [`/runs/${live.runId}/log/../../../etc/passwd`, `/runs/${live.runId}/log/x`]) {
    t.equal((await send({ path })).status, 404, path)
  }
  await untouched(t, 'strange names')
})

t.test('what is put in the place of a log is not read', async (t) => {
  const { send, live, dir } = await startTarget(t)
  const path = `/runs/${live.runId}/log`
  writeFileSync(join(dir, 'secret'), 'a secret')
  const ask = async (query: string) => {
    const { status, text } = await send({ path: path + query })
    t.notMatch(text, 'secret')
    return status
  }
  t.equal(await ask(''), 200)
  const replacements = {
    link: () => symlinkSync(join(dir, 'secret'), live.log),
    'link to itself': () => symlinkSync(live.log, live.log),
    pipe: () => execFileSync('mkfifo', [live.log]),
    directory: () => mkdirSync(live.log),
    device: () => symlinkSync('/dev/zero', live.log),
  }
  for (const [what, put] of Object.entries(replacements)) {
    rmSync(live.log, { recursive: true })
    put()
    for (const query of ['', '?tail=1', '?follow=1']) t.equal(await ask(query), 404, `${what}${query}`)
  }
})

t.test('logs and steps are behind the token, also of those who may only read', async (t) => {
  const token = 'a-long-token-of-the-owner'
  const { send, live } = await startTarget(
    t,
    { LOOPER_API_TOKEN: token },
    { headers: { authorization: `Bearer ${token}` } },
  )
  for (const path of [
    `/runs/${live.runId}/log`,
    `/runs/${live.runId}/log?follow=1`,
    '/events',
    '/runs/current',
  ]) {
    t.equal(failureOf(await send({ path })).code, 'LOOPER_UNAUTHORIZED', path)
    t.equal((await send({ path: `${path}?token=${token}` })).status, 401)
  }
  const answer = await send({ path: `/runs/${live.runId}/log`, headers: { 'x-looper-token': token } })
  t.match(answer, { status: 200, text: /^alive$/m })
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/

/** Every line is an event of its own, with nothing in it that a terminal would obey. */
function assertOneLineAnEvent(test: Test, log: string): void {
  const lines = log.trimEnd().split('\n')
  test.notMatch(log, CONTROL, 'no control characters')
  for (const line of lines) {
    if (!line.startsWith('{')) continue
    const event = JSON.parse(line)
    test.not(event.msg, 'forged')
    test.type(event.time, 'string')
  }
}
