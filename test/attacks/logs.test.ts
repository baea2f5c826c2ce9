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
