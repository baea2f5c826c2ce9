import t from 'tap'
import { redactor } from '../../../src/logging/redact.ts'
import type { EndedRun } from '../../../src/notices/notice.ts'
import { pointsIn } from '../../../src/notices/zulip/code-points.ts'
import { editedNotice, endNotice, toldNotice } from '../../../src/notices/zulip/end-text.ts'
import { CHANGED } from '../../helpers/git.ts'

const RUN: EndedRun = {
  runId: 'b2f4',
  name: 'Starting over',
  noticeText: 'Starting over',
  launchedAt: 0,
  endedAt: 723_000,
  outcome: 'exited',
  returnCode: 0,
  cause: null,
  remedy: null,
  tokensUsed: 12_345,
  verdict: null,
  verdictCause: null,
  changes: null,
}

const none = redactor(() => [])
const edited = (run: Partial<EndedRun> = {}, output = '') => editedNotice({ ...RUN, ...run }, output, none)
/** The line that tells the end. */
const status = (run: Partial<EndedRun>) => edited(run).replace('Starting over\n\n', '')

t.test('a notice keeps its text, and has its end and the last lines below', async (t) => {
  t.equal(
    edited({}, 'one\ntwo'),
    'Starting over\n\n✅ exited 0 after 12 m 3 s · 12,345 tokens\n```text\none\ntwo\n```',
  )
})

t.test('every outcome is one line, with what is known', async (t) => {
  const short = { endedAt: 400, tokensUsed: null }
  t.equal(status({ ...short, returnCode: 3 }), '❌ exited 3 after less than 1 s')
  t.equal(
    status({ ...short, outcome: 'signaled', returnCode: -9, cause: 'ended by signal 9' }),
    '❌ signaled after less than 1 s · return code -9 · ended by signal 9',
  )
  t.match(
    status({ outcome: 'replaced', returnCode: -2, cause: 'replaced by run c' }),
    /^♻ replaced after .* · return code -2 · 12,345 tokens · replaced by run c$/,
  )
  t.match(status({ outcome: 'stopped', cause: 'stopped by ops' }), /^⏹ stopped after .* · stopped by ops$/)
  t.match(status({ outcome: 'timed_out' }), /^⏱ timed out after/)
  t.match(status({ outcome: 'stalled' }), /^💤 stalled after/)
  t.match(
    status({ ...short, outcome: 'lost', returnCode: null, cause: 'why' }),
    /^❓ lost after less than 1 s · why$/,
  )
  const never = { launchedAt: null, returnCode: null, tokensUsed: null }
  t.equal(status({ ...never, outcome: 'failed_to_start', cause: 'no room' }), '🚫 failed to start · no room')
  t.equal(status({ ...never, endedAt: null, outcome: 'lost' }), '❓ lost')
  t.equal(status({ ...short, changes: CHANGED }), '✅ exited 0 after less than 1 s · 3 commits, +120 −44')
  t.equal(
    status({ ...short, changes: { ...CHANGED, commits: 0, files: 0 } }),
    '✅ exited 0 after less than 1 s',
  )
})

t.test('a time is told in its two largest units', async (t) => {
  const after = (seconds: number) => /after (.*) · 12/.exec(status({ endedAt: seconds * 1000 }))?.[1]
  t.strictSame([1, 60, 61, 3600, 3605, 7500, 86_400, 100_000].map(after), [
    '1 s',
    '1 m',
    '1 m 1 s',
    '1 h',
    '1 h',
    '2 h 5 m',
    '1 d',
    '1 d 3 h',
  ])
})

t.test('a cause is one short line without secrets that mentions nobody', async (t) => {
  const text = editedNotice(
    { ...RUN, outcome: 'failed_to_start', cause: `@**all**\nhunter2222 ${'x'.repeat(500)}` },
    '',
    redactor(() => ['hunter2222']),
  )
  const line = text.split('\n').at(-1) ?? ''
  t.match(line, / · @\u200b\*\*all\*\* \[redacted\] x+…$/)
  t.ok(pointsIn(line) < 400)
})

t.test('the mentions of the notice itself stay: whoever wrote it meant them', async (t) => {
  t.match(edited({ noticeText: '@**Ada** look' }), /^@\*\*Ada\*\* look\n\n/)
})

t.test('what a notice left open is closed before the end', async (t) => {
  const heads: [string, string][] = [
    ['a\n```sh\nb', '\n```'],
    ['~~~~\nb\r', '\n~~~~'],
    ['```\r\nb', '\n```'],
    ['```quote\nb\n````\nc\n```', '\n````\n```'],
    ['```spoiler Title of it\n~~~ {.python}\nb\n~~~', '\n```'],
    ['```{.quote}\n```quote\nb', '\n```\n```'],
    ['```sh\nb\n```  ', ''],
    ['```quote\nb\n```\nc', ''],
    ['a ```b\n ```\n```` x`y', ''],
    ['```sh\n~~~\n````\n```', ''],
  ]
  for (const [noticeText, closing] of heads) {
    t.equal(
      edited({ noticeText }),
      `${noticeText}${closing}\n\n✅ exited 0 after 12 m 3 s · 12,345 tokens`,
      noticeText,
    )
  }
})

t.test('10,000 code points are never passed, and the end is always told', async (t) => {
  const output = Array.from({ length: 20 }, () => '🌍'.repeat(300)).join('\n')
  for (const length of [0, 5000, 8499, 8500, 8501, 9990, 10_000, 20_000]) {
    const text = edited({ noticeText: '🚀'.repeat(length) }, output)
    t.ok(pointsIn(text) <= 10_000, `${length}: ${pointsIn(text)}`)
    t.equal(text.includes('🚀'.repeat(Math.min(length, 8499))), true)
    t.equal(text.includes('…\n\n✅'), length > 8500, 'a notice that was cut shows it')
    t.match(text, /\n\n✅ exited 0 after 12 m 3 s · 12,345 tokens\n```text\n(🌍{199}…\n)+```$/u)
  }
})

t.test('a message of its own names the run, and notifies nobody by it', async (t) => {
  t.equal(
    endNotice({ ...RUN, name: '@**all** Starting over' }, 'one', none),
    'Run `b2f4`: @\u200b**all** Starting over\n\n✅ exited 0 after 12 m 3 s · 12,345 tokens\n```text\none\n```',
  )
  t.equal(edited({ noticeText: null }), '\n\n✅ exited 0 after 12 m 3 s · 12,345 tokens')
})

t.test('what its check said stands at the end of the line, and makes its sign', async (t) => {
  t.match(status({ verdict: 'verified' }), /^✅ exited 0 .* · verified$/)
  t.match(
    status({ verdict: 'refuted', verdictCause: 'the check exited with 3' }),
    /^❌ exited 0 .* · refuted: the check exited with 3$/,
  )
  t.match(
    status({ verdict: 'unverified', verdictCause: 'no\n@**all**' }),
    /^❓ exited 0 .* · unverified: no /,
  )
})

t.test(
  'what an agent says is a quote of at most so much, which no line of it closes and which pings nobody',
  async (t) => {
    const told = (message: string, name = 'A run') =>
      toldNotice(
        { name },
        message,
        redactor(() => ['a-secret-word']),
      )
    t.equal(told('done'), '💬 A run:\n```quote\ndone\n```')
    t.equal(told('a\n````\nb\n````', '@**all**'), '💬 @\u200b**all**:\n`````quote\na\n````\nb\n````\n`````')
    t.notMatch(told('it is a-secret-word, @**all**'), /a-secret-word|@\*/)
    t.ok(pointsIn(told('🦫'.repeat(20_000))) < 10_000)
  },
)

t.test('a block that an agent leaves open ends with its words, also where they are cut', async (t) => {
  const told = (message: string) => toldNotice({ name: 'A run' }, message, none)
  t.equal(told('a\n```\nb'), '💬 A run:\n````quote\na\n```\nb\n```\n````')
  t.equal(told('~~~quote\n```sh\nb'), '💬 A run:\n````quote\n~~~quote\n```sh\nb\n```\n~~~\n````')
  t.match(told(`\`\`\`\n${'x'.repeat(20_000)}`), /…\n```\n````$/)
  for (const message of ['`'.repeat(4000), '~'.repeat(20_000), '```quote\n'.repeat(900)]) {
    const text = told(message)
    t.ok(pointsIn(text) < 9500, 'there is room for what follows')
    t.match(text, /\n(`{3,})quote\n(?:(?!\1).*\n)*\1$/)
  }
  t.notMatch(told('```quote\n'.repeat(900)), /^```quote/m)
})
