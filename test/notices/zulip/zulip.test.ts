import t, { type Test } from 'tap'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import {
  describeRoute,
  SKIPPED,
  zulipArrived,
  zulipEdits,
  zulipNotices,
} from '../../../src/notices/zulip/zulip.ts'
import { beginReading } from '../../../src/settings/part.ts'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'

async function setUp(t: Test) {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const home = t.testdir()
  const settings = (env: NodeJS.ProcessEnv) =>
    zulipSettings.read(beginReading(env, { projectDir: home, home }))
  const full = (env: NodeJS.ProcessEnv = {}) =>
    settings({
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
      ...env,
    })
  const skipped: string[] = []
  const { signal } = new AbortController()
  const notify = (message: string, to = full()) =>
    zulipNotices(to, {}, (text) => skipped.push(text))(message, signal)
  /** Sends to this ZULIP_TO. */
  const tell = (to: string) => notify('Hello', full({ ZULIP_MESSAGE_TYPE: 'private', ZULIP_TO: to }))
  /** The next answer lists these people. */
  const people = (...names: string[]) =>
    zulip.interrupt((_request, response) => {
      const members = names.map((full_name, index) => ({ user_id: index + 8, full_name, is_active: true }))
      response.end(JSON.stringify({ result: 'success', msg: '', members }))
    })
  return { zulip, settings, full, notify, tell, people, skipped }
}

t.test('a notice goes to the channel and topic of the settings', async (t) => {
  const { zulip, full, notify } = await setUp(t)
  t.strictSame(await notify('Hello'), {
    output: 'OK message_id=42 type=stream stream=coding topic=verified-cad',
    messageId: 42,
  })
  t.strictSame(await notify('Again', full({ ZULIP_STREAM: 'general', ZULIP_TOPIC: 'two words' })), {
    output: 'OK message_id=43 type=stream stream=general topic=two words',
    messageId: 43,
  })
  t.strictSame(zulip.messages, [
    { id: 42, type: 'channel', to: 'coding', topic: 'verified-cad', content: 'Hello' },
    { id: 43, type: 'channel', to: 'general', topic: 'two words', content: 'Again' },
  ])
})

t.test('a notice whose message nobody can name again is sent, and cannot be edited', async (t) => {
  const { zulip, notify } = await setUp(t)
  zulip.interrupt((_request, response) => response.end('{"result":"success","id":1.5}'))
  t.strictSame(await notify('Hello'), {
    output: 'OK message_id=unknown type=stream stream=coding topic=verified-cad',
    messageId: null,
  })
})

t.test('a private notice goes to an e-mail address or a number without a look-up', async (t) => {
  const { zulip, tell } = await setUp(t)
  t.strictSame(await tell('ada@zulip.example'), {
    output: 'OK message_id=42 type=private to=ada@zulip.example',
    messageId: 42,
  })
  t.strictSame(await tell('9'), { output: 'OK message_id=43 type=private to=9', messageId: 43 })
  t.strictSame(
    zulip.messages.map(({ type, to }) => ({ type, to })),
    [
      { type: 'direct', to: ['ada@zulip.example'] },
      { type: 'direct', to: [9] },
    ],
  )
  t.equal(zulip.requests, 2)
})

t.test('a private notice finds its reader by the name, in any case', async (t) => {
  const { zulip, tell } = await setUp(t)
  t.strictSame(await tell('aDA lovelace'), {
    output: 'OK message_id=42 type=private to=aDA lovelace',
    messageId: 42,
  })
  t.strictSame(zulip.messages[0]?.to, [8])
})

t.test('a part of a name is enough where only one holds it', async (t) => {
  const { zulip, tell } = await setUp(t)
  await tell('RIES')
  t.strictSame(zulip.messages[0]?.to, [9])
})

t.test('an exact name goes before longer ones that hold it', async (t) => {
  const { zulip, tell, people } = await setUp(t)
  people('Adam', 'Ada', 'Adalbert')
  await tell('ada')
  t.strictSame(zulip.messages[0]?.to, [9])
})

t.test('a name that several people have is refused, with their numbers', async (t) => {
  const { zulip, tell, people } = await setUp(t)
  await t.rejects(tell('ada'), {
    message:
      'several Zulip users are called "ada" (ZULIP_TO): Ada Lovelace (8), Adam Ries (9); set the number',
  })
  people('Ada', 'ada')
  await t.rejects(tell('Ada'), { message: /: Ada \(8\), ada \(9\); set the number$/ })
  t.strictSame(zulip.messages, [])
})

t.test('a name that nobody has is refused', async (t) => {
  const { zulip, tell } = await setUp(t)
  await t.rejects(tell('Nobody'), { message: 'no Zulip user is called "Nobody" (ZULIP_TO)' })
  t.strictSame(zulip.messages, [])
})

t.test('people who left are not found', async (t) => {
  const { zulip, tell } = await setUp(t)
  await tell('Grace')
  t.strictSame(zulip.messages[0]?.to, [10], 'so the name of who stayed is enough')
  await t.rejects(tell('Grace Gone'), { message: 'no Zulip user is called "Grace Gone" (ZULIP_TO)' })
})

t.test('a private notice to nobody is refused before any request', async (t) => {
  const { zulip, full, notify } = await setUp(t)
  await t.rejects(notify('Hello', { ...full(), type: 'private', to: null }), {
    message: 'there is nobody to send to; set ZULIP_TO',
  })
  t.equal(zulip.requests, 0)
})

t.test('a message of 10,000 code points arrives whole', async (t) => {
  const { zulip, notify } = await setUp(t)
  await notify('🌍'.repeat(10_000))
  t.equal(zulip.messages[0]?.content, '🌍'.repeat(10_000))
})

t.test('a longer message is cut at a whole code point, and shows it', async (t) => {
  const { zulip, notify } = await setUp(t)
  await notify('🌍'.repeat(10_001))
  t.equal(zulip.messages[0]?.content, `${'🌍'.repeat(9999)}…`)
})

t.test('what the server refuses is what the notice fails with', async (t) => {
  const { full, notify } = await setUp(t)
  await t.rejects(notify('Hello', full({ ZULIP_STREAM: 'nowhere' })), {
    message: "Channel 'nowhere' does not exist",
    code: 'STREAM_DOES_NOT_EXIST',
  })
})

t.test('without any credentials the notice is skipped, and its text handed over', async (t) => {
  const { settings, notify, skipped } = await setUp(t)
  t.equal(await notify('Hello', settings({})), SKIPPED)
  t.strictSame(SKIPPED, { output: 'SKIPPED no Zulip credentials', messageId: null })
  t.strictSame(skipped, ['Hello'])
})

t.test('without any credentials the notice fails where Zulip is required', async (t) => {
  const { settings, notify, skipped } = await setUp(t)
  await t.rejects(notify('Hello', settings({ LOOPER_ZULIP_REQUIRED: '1' })), {
    message: 'no Zulip credentials (LOOPER_ZULIP_REQUIRED is on)',
  })
  t.strictSame(skipped, [])
})

t.test('with a part of the credentials the notice fails, and names the rest', async (t) => {
  const { settings, notify, skipped } = await setUp(t)
  await t.rejects(notify('Hello', settings({ ZULIP_BOT_EMAIL: 'bot@zulip.example' })), {
    message: 'Missing ZULIP_SITE, Missing ZULIP_BOT_API_KEY',
  })
  t.strictSame(skipped, [])
})

t.test('a route reads as one line', async (t) => {
  const { settings } = await setUp(t)
  t.equal(describeRoute(settings({})), 'type=stream stream=coding topic=verified-cad')
  const toAda = settings({ ZULIP_MESSAGE_TYPE: 'private', ZULIP_TO: 'Ada' })
  t.equal(describeRoute(toAda), 'type=private to=Ada')
})

t.test('a notice is edited in its place', async (t) => {
  const { zulip, full, notify } = await setUp(t)
  await notify('Hello')
  t.equal(await zulipEdits(full(), {})(42, 'Hello, done', new AbortController().signal), true)
  t.strictSame(zulip.edits, [{ id: 42, content: 'Hello, done' }])
})

t.test('an edit that the server does not allow is told from one that failed', async (t) => {
  const { zulip, full, settings, notify } = await setUp(t)
  const edit = (to = full()) => zulipEdits(to, {})(42, 'Done', new AbortController().signal)
  t.equal(await edit(), false, 'there is no such message')
  await notify('Hello')
  await t.rejects(edit(full({ ZULIP_BOT_API_KEY: 'wrong' })), { message: 'Invalid API key' })
  await t.rejects(edit(settings({})), { message: 'there are no Zulip credentials' })
  await zulip.close()
  await t.rejects(edit(), { message: /^cannot reach/ })
})

t.test('a message whose answer was lost is found behind however many that came after it', async (t) => {
  const { zulip, full, notify } = await setUp(t)
  const { signal } = new AbortController()
  const began = Date.now()
  const arrived = (content: string, isKnown: (id: number) => boolean = () => false) =>
    zulipArrived(full(), {})(content, began, isKnown, signal)
  await notify('lost')
  for (let number = 0; number < 250; number++) await notify(`later ${number}`)
  const [{ id } = { id: 0 }] = zulip.messages
  t.equal(await arrived('lost'), id)
  t.equal(await arrived('lost', (known) => known === id), null)
  const { requests } = zulip
  t.equal(await arrived('never sent'), null)
  t.equal(zulip.requests - requests, 4, 'three pages, and none behind them')
})

t.test('what a server tells of messages is taken as far as it makes sense', async (t) => {
  const { zulip, full, settings } = await setUp(t)
  const { signal } = new AbortController()
  const ask = () => zulipArrived(full(), {})('Hello', 1_000_000, () => false, signal)
  const answers = (messages: unknown) =>
    zulip.interrupt((_request, response) => response.end(JSON.stringify({ result: 'success', messages })))
  const hello = { content: 'Hello', timestamp: 1000 }
  answers('none')
  t.equal(await ask(), null)
  answers([
    null,
    7,
    hello,
    { ...hello, id: 1.5 },
    { ...hello, id: 1, content: 7 },
    { ...hello, id: 2, timestamp: '1000' },
  ])
  t.equal(await ask(), null)
  answers([{ ...hello, id: 3, timestamp: 399 }])
  t.equal(await ask(), null, 'it was sent long before')
  answers([{ ...hello, id: 3, timestamp: 400 }])
  t.equal(await ask(), 3)
  await t.rejects(
    zulipArrived(settings({}), {})('Hello', 0, () => false, signal),
    {
      message: 'there are no Zulip credentials',
    },
  )
})
