import t from 'tap'
import { reactionIn, saidIn } from '../../../src/notices/zulip/reading.ts'

const ME = { id: 12, name: 'Looper' }
const message = (content: string, more: object = {}) => ({
  id: 50,
  sender_id: 8,
  content,
  timestamp: 7,
  type: 'stream',
  stream_id: 5,
  subject: 'runs',
  ...more,
})
const wordsOf = (content: string, more: object = {}) => {
  const said = saidIn(message(content, more), ME)
  return said && { text: said.text, quotes: said.quotes, isToUs: said.isToUs }
}
const SAID = '@_**Looper|12** [said](https://zulip.example/#narrow/channel/5-coding/topic/runs/near/42):'

t.test('who says what, where and when', async (t) => {
  t.strictSame(saidIn(message(' yes '), ME), {
    kind: 'said',
    messageId: 50,
    by: 8,
    text: 'yes',
    quotes: null,
    isToUs: false,
    place: 'type=stream id=5 topic=runs',
    at: 7000,
  })
  const direct = { type: 'private', display_recipient: [{ id: 8 }, { id: 12 }] }
  t.match(saidIn(message('yes', direct), ME), { place: 'type=private to=8', isToUs: true })
  const several = { type: 'private', display_recipient: [{ id: 8 }, { id: 9 }, { id: 12 }] }
  t.match(saidIn(message('yes', several), ME), { place: 'type=private to=8,9', isToUs: false })
})

t.test('what is no message of somebody else is none', async (t) => {
  for (const one of [null, 'x', [], {}, message('x', { id: -1 }), message('x', { sender_id: null })])
    t.equal(saidIn(one, ME), null)
  t.equal(saidIn(message('x', { content: 7 }), ME), null)
  t.equal(saidIn(message('@**Looper** stop', { sender_id: 12 }), ME), null, 'an echo')
})

t.test('a message is to the bot where it begins with its name, or its number', async (t) => {
  const to = { text: 'stop', quotes: null, isToUs: true }
  for (const begin of ['@**Looper** ', '@**Looper|12** ', '@**|12**: ', '\n @**Looper**:\n'])
    t.strictSame(wordsOf(`${begin}stop`), to, begin)
  for (const begin of [
    '@_**Looper** ',
    '@**Looper|13** ',
    '@**Ada** ',
    '@**all** ',
    '`@**Looper**` ',
    'hey @**Looper** ',
  ])
    t.match(wordsOf(`${begin}stop`), { text: `${begin}stop`, isToUs: false }, begin)
  t.match(wordsOf('@**Looper** @**Looper** stop'), { text: '@**Looper** stop', isToUs: true })
})

t.test('a quoting answer says which message it answers, and only the first counts', async (t) => {
  t.strictSame(wordsOf(`${SAID}\n\`\`\`quote\nDeploy?\n\`\`\`\nyes`), {
    text: 'yes',
    quotes: 42,
    isToUs: false,
  })
  t.match(wordsOf(`@**Looper** ${SAID}\n\`\`\`quote\nDeploy?\n\`\`\`\nyes`), { text: 'yes', isToUs: true })
  t.match(wordsOf(`${SAID}\n\`\`\`quote\nDeploy?\n\`\`\`\n@**Looper** yes`), { text: 'yes', isToUs: true })
  const nested = `${SAID}\n\`\`\`\`quote\n${SAID.replace('42', '7')}\n\`\`\`quote\nno\n\`\`\`\nDeploy?\n\`\`\`\`\nyes`
  t.match(wordsOf(nested), { text: 'yes', quotes: 42 })
  const twice = `${SAID}\n~~~quote\na\n~~~\n${SAID.replace('42', '7')}\n~~~quote\nb\n~~~\nyes`
  t.match(wordsOf(twice), { quotes: 42, text: /near\/7/ })
  t.match(wordsOf(`yes, as ${SAID}\n~~~quote\na\n~~~`), { quotes: null }, 'not at the beginning')
  t.match(wordsOf(`${SAID}\n~~~quote\na`), { quotes: null }, 'never closed')
  t.match(wordsOf(`${SAID}\n~~~quote\na\n~~~`), { quotes: 42, text: '' })
})

t.test('signs go by their code points, and not by names', async (t) => {
  const reaction = { emoji_code: '0032-20e3', reaction_type: 'unicode_emoji', user_id: 8 }
  t.strictSame(reactionIn(reaction, 42, ME), { kind: 'reacted', messageId: 42, by: 8, sign: 2 })
  for (const [emoji_code, sign] of [
    ['0039-fe0f-20e3', 9],
    ['1f51f', 10],
    ['1f44d', 'yes'],
    ['1f44e', 'no'],
  ])
    t.match(reactionIn({ ...reaction, emoji_code }, 42, ME), { sign })
  for (const more of [
    { emoji_code: '1f389' },
    { reaction_type: 'realm_emoji' },
    { user_id: 12 },
    { user_id: 'x' },
    { emoji_code: null },
  ])
    t.equal(reactionIn({ ...reaction, ...more }, 42, ME), null)
  t.equal(reactionIn(reaction, undefined, ME), null)
})
