import t from 'tap'
import { onRecord } from '../../src/notices/on-record.ts'
import { killService, setUpFault } from '../helpers/fault-service.ts'
import { heartOf } from '../helpers/heart.ts'
import { type TestService, until } from '../helpers/service.ts'

interface Shown {
  readonly run_id: string
  readonly state: string
  readonly text: string
  readonly why: string | null
}

const outboxOf = async ({ url }: TestService): Promise<{ given_up: number; messages: Shown[] }> =>
  JSON.parse(await (await fetch(`${url}/outbox`)).text())

t.test(
  'what a run begins with stands on the record before it is sent, and nobody else sends it',
  async (t) => {
    const { ledger } = heartOf(t)
    const gate = Promise.withResolvers<void>()
    const answers = [{ output: 'OK', messageId: 42 }, new Error('not now'), { output: 'OK', messageId: null }]
    let where: string | null = 'here'
    const announce = onRecord(
      async (message) => {
        t.equal(message, 'it begins')
        await gate.promise
        const answer = answers.shift()
        if (!answer || answer instanceof Error) throw answer
        return answer
      },
      { ledger, clock: { now: () => 1000 }, conversation: () => where },
    )
    const { signal } = new AbortController()
    const sent = announce('it begins', signal, 'one')
    const row = { key: 'start one', runId: 'one', conversation: 'here', content: 'it begins' }
    t.match(ledger.outboxRows(null, 9), [{ ...row, state: 'pending', attempts: 1, createdAt: 1000 }])
    t.same(ledger.openConversations(), [])
    t.equal(ledger.nextInOutbox('here'), null)
    gate.resolve()
    t.match(await sent, { messageId: 42 })
    t.match(ledger.outboxRows(null, 9), [{ ...row, state: 'sent', sentId: 42, why: null, doneAt: 1000 }])

    await t.rejects(announce('it begins', signal, 'two'), /not now/)
    t.match(ledger.outboxRows('given_up', 9), [{ runId: 'two', why: 'not now', sentId: null }])
    where = null
    await announce('it begins', signal, 'three')
    t.equal(ledger.outboxRows(null, 9).length, 2, 'what goes nowhere does not stand there')
  },
)

t.test('what an earlier life of the service began to send is given up, unless it is heard of', async (t) => {
  const { ledger } = heartOf(t)
  const row = { runId: 'one', conversation: 'here', content: 'it begins', createdAt: 1000 }
  for (const key of ['one', 'two']) ledger.beginDirect({ ...row, key })
  ledger.addToOutbox({ ...row, key: 'end', edits: null, instead: null, isUrgent: true }, () => undefined)
  ledger.abandonDirect(2000)
  const why = 'Looper ended before it knew whether this arrived'
  t.match(ledger.outboxRows('given_up', 9), [
    { key: 'two', why, doneAt: 2000 },
    { key: 'one', why },
  ])
  t.match(ledger.outboxRows('pending', 9), [{ key: 'end' }])
  ledger.settleDirect('two', { state: 'sent', at: 3000, sentId: 7 })
  t.match(ledger.outboxRows('sent', 9), [{ key: 'two', sentId: 7, why: null }])
})

t.test('a request whose notice fails is refused, and what became of the notice is shown', async (t) => {
  const { run, service, zulip } = await setUpFault(t)
  zulip.interrupt((_request, response) => {
    response.writeHead(400)
    response.end('{"result":"error","msg":"no such channel","code":"BAD_REQUEST"}')
  })
  t.match(await run('true'), { status: 500, body: { error: /^failed to send Zulip message: .*no such/ } })
  t.match(await outboxOf(service), {
    given_up: 1,
    messages: [{ state: 'given_up', text: 'a run', why: /no such channel/ }],
  })
  const { body } = await service.post({ zulip_message: 'stop', codex_prompt: '' })
  t.match(body, { ok: true })
  t.equal((await outboxOf(service)).messages.length, 1, 'where no run begins, none is named')
})

t.test('a notice is not sent again after its service was killed', async (t) => {
  const { run, service, zulip, restart } = await setUpFault(t)
  const taken = Promise.withResolvers<void>()
  zulip.interrupt(() => taken.resolve())
  const posted = run('true').catch(() => null)
  await taken.promise
  t.match(await outboxOf(service), { messages: [{ state: 'pending' }] })
  await killService(service)
  await posted
  const next = await restart()
  await until('it is given up', async () => (await outboxOf(next)).given_up === 1)
  t.match(await outboxOf(next), { messages: [{ text: 'a run', why: /^Looper ended before/ }] })
  t.match(await run('true', { wait: true }, next), { body: { outcome: 'exited' } })
  t.same(
    zulip.messages.map(({ id }) => id),
    [42],
    'only that of the next run came',
  )
})
