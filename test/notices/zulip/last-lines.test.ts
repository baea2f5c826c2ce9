import t from 'tap'
import { redactor } from '../../../src/logging/redact.ts'
import { pointsIn } from '../../../src/notices/zulip/code-points.ts'
import { lastLines } from '../../../src/notices/zulip/last-lines.ts'

const block = (output: string, points = 10_000, secrets: string[] = []) =>
  lastLines(
    output,
    redactor(() => secrets),
    points,
  )

t.test('the last 20 lines stand in a block of code', async (t) => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`)
  t.equal(block(lines.join('\n')), `\n\`\`\`text\n${lines.slice(10).join('\n')}\n\`\`\``)
})

t.test('no output is no block', async (t) => {
  t.equal(block(''), '')
  t.equal(block('\u001b[0m\n \r\n'), '')
})

t.test('no line closes the block, however long its fence', async (t) => {
  t.equal(block('```\n@**all**'), '\n````text\n```\n@\u200b**all**\n````')
  t.equal(block('a\n  `````sh\nb'), '\n``````text\na\n  `````sh\nb\n``````')
  const long = block(`${'`'.repeat(3000)}\nb`)
  t.match(long, /\n`{200}text\n`{199}…\nb\n`{200}$/)
})

t.test(
  'escape sequences and control characters are left out, and a progress bar has its last state',
  async (t) => {
    const output =
      '\u001b[1;31mred\u001b[0m\u0000\u0007\u009b\u0003\n10 %\r50 %\r100 %\r\n\ta\ttab \u001b]8;;http://x\u0007link\u001b]8;;\u0007'
    t.equal(block(output), '\n```text\nred\n100 %\n\ta\ttab link\n```')
  },
)

t.test('secrets are left out, also those that were torn apart by colours', async (t) => {
  t.equal(block('key=hun\u001b[1mter2222', 10_000, ['hunter2222']), '\n```text\nkey=[redacted]\n```')
})

t.test(
  'of an output that is surely not all there the first line is left out: half a secret might be in it',
  async (t) => {
    t.equal(block(`${'x'.repeat(5000)}nter2222\nthe end`, 10_000, ['hunter2222']), '\n```text\nthe end\n```')
    t.equal(block('x'.repeat(5000)), '')
  },
)

t.test('a long line is cut at a whole code point', async (t) => {
  t.equal(block(`${'🌍'.repeat(300)}`), `\n\`\`\`text\n${'🌍'.repeat(199)}…\n\`\`\``)
})

t.test('where there is little room the oldest lines go first, and at last all', async (t) => {
  const lines = ['one 🌍', 'two 🌍', 'three 🌍']
  const at = (points: number) => block(lines.join('\n'), points)
  for (let points = 0; points < 60; points++) {
    const text = at(points)
    t.ok(pointsIn(text) <= points, `at most ${points}`)
    t.ok(text === '' || text.endsWith('\nthree 🌍\n```'))
  }
  t.equal(at(60), `\n\`\`\`text\n${lines.join('\n')}\n\`\`\``)
  t.equal(at(-5), '')
})
