import t, { type Test } from 'tap'
import { redactor } from '../../../src/logging/redact.ts'
import { zulipEar } from '../../../src/notices/zulip/ear.ts'
import { zulipSettings } from '../../../src/notices/zulip/settings.ts'
import { beginReading } from '../../../src/settings/part.ts'
import { startLoopbackZulip } from '../../fixtures/loopback-zulip.ts'

async function setUp(t: Test, more: NodeJS.ProcessEnv = {}) {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const home = t.testdir()
  const env = {
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
    LOOPER_PEOPLE: '8,10',
    ...more,
  }
  const settings = zulipSettings.read(beginReading(env, { projectDir: home, home }))
  const ear = zulipEar(
    settings,
    {},
    redactor(() => ['hunter2']),
  )
  return { zulip, ear, signal: AbortSignal.timeout(60_000) }
}

t.test('an answer goes to the place where something was said, and nowhere else', async (t) => {
  const { zulip, ear, signal } = await setUp(t)
  const send = (place: string) => ear.at(place)?.('Hello', signal)
  t.match(await send('type=stream id=5 topic=two words, id=6'), { messageId: 42 })
  t.match(await send('type=private to=8,10'), { output: 'OK message_id=43 type=private to=8,10' })
  t.match(zulip.messages, [
    { type: 'channel', to: 'coding', topic: 'two words, id=6', content: 'Hello' },
    { type: 'direct', to: [8, 10], content: 'Hello' },
  ])
  for (const place of ['type=stream stream=coding topic=x', 'type=private to=ada@x', 'type=private to=', ''])
    t.equal(ear.at(place), null, place)
  await t.rejects(async () => send('type=stream id=6 topic=x'), { message: /does not exist/ })
  zulip.interrupt((_request, response) => response.end('{"result":"success","id":1.5}'))
  t.match(await send('type=private to=8'), { output: /message_id=unknown/, messageId: null })
})

t.test('a message is offered the reactions that count, once, if it is there', async (t) => {
  const { zulip, ear, signal } = await setUp(t)
  const id = zulip.people.say(8, 'x')
  await ear.offer(id, ['yes', 'no', ...Array.from({ length: 10 }, (_, at) => at + 1)], signal)
  await ear.offer(id, ['yes'], signal)
  t.equal(zulip.people.reactions(id).length, 12)
  await ear.offer(999, ['yes'], signal)
  zulip.people.refuse({ status: 502, body: { result: 'error', msg: 'away' } })
  await t.rejects(ear.offer(id, ['yes'], signal), { message: 'away' })
  await t.rejects(ear.offer(id, ['yes'], AbortSignal.abort(new Error('over'))), { message: 'over' })
})

t.test('it calls by numbers, and what others wrote calls nobody', async (t) => {
  const { ear } = await setUp(t)
  t.equal(ear.call, '@**|8** @**|10**')
  t.equal(ear.plain('@**all** hunter2 @_**Ada**'), '@\u200b**all** [redacted] @\u200b_**Ada**')
  t.equal((await setUp(t, { LOOPER_PEOPLE: '' })).ear.call, '')
})
