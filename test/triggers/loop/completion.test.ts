import t from 'tap'
import { saysCompleted } from '../../../src/triggers/loop/completion.ts'

const WORD = '<promise>ALL DONE</promise>'

t.test('the word alone on its line, exactly as set, says that all is done', async (t) => {
  for (const reply of [
    WORD,
    `I did it.\n${WORD}`,
    `I did it.\r\n${WORD}\r\nBye.`,
    `I did it.\r${WORD}\r`,
    `${WORD}  \t\n`,
    `\`\`\`sh\nmake\n\`\`\`\n${WORD}`,
    `~~~\n\`\`\`\n~~~\n${WORD}`,
    `\`\`\`\`\n\`\`\`\nstill code\n\`\`\`\`\n${WORD}`,
    `The docs are not yet in your language.\n${WORD}`,
  ])
    t.ok(saysCompleted(reply, WORD), JSON.stringify(reply))
})

t.test('a mention is none', async (t) => {
  for (const reply of [
    '',
    'ALL DONE',
    `I will say ${WORD} when it is.`,
    `${WORD}.`,
    `"${WORD}"`,
    `> ${WORD}`,
    `- ${WORD}`,
    `\`${WORD}\``,
    `    ${WORD}`,
    WORD.toLowerCase(),
    `${WORD}${WORD}`,
    `\`\`\`\n${WORD}\n\`\`\``,
    `\`\`\`\r\n${WORD}\r\n\`\`\``,
    `~~~ text\n${WORD}\n~~~`,
    `   \`\`\`\n${WORD}`,
    `\`\`\`\`\n\`\`\`\n${WORD}\n\`\`\`\``,
    `\`\`\`\n\`\`\` js\n${WORD}\n\`\`\``,
    `~~~\n\`\`\`\n${WORD}\n~~~`,
  ])
    t.notOk(saysCompleted(reply, WORD), JSON.stringify(reply))
})

t.test('an explicit "not yet" wins, before and after', async (t) => {
  for (const reply of [
    `${WORD}\nNot yet.`,
    `not yet\n${WORD}`,
    `**NOT YET**: two tests fail\n\n${WORD}`,
    `${WORD}\n${WORD}: not yet, two tests fail`,
  ])
    t.notOk(saysCompleted(reply, WORD), JSON.stringify(reply))
})

t.test('a reply of many megabytes is read at once', async (t) => {
  t.ok(
    saysCompleted(
      `${'`'.repeat(2_000_000)} \n${'`'.repeat(2_000_000)}\n${'x\n'.repeat(500_000)}${WORD}`,
      WORD,
    ),
  )
  t.notOk(saysCompleted(`${'`'.repeat(10)}\n${' '.repeat(1_000_000)}${WORD}`, WORD))
})
